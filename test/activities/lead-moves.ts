import { run } from '../stack/activity-bench.ts';
import type { HeldLead } from './bench-agency.ts';
import type { Neighbours } from './neighbours.ts';

/** What GHL shows of a lead's assignment. */
export async function readShown({ bench, agency }: Neighbours, { leadId, assignmentId }: HeldLead) {
  const { simulator } = bench;
  const assignment = (await agency.assignments(leadId)).find((each) => each.id === assignmentId);
  const contactId = assignment!.ghl_contact_id!;
  const of = <T extends { contactId: string }>(records: T[]): T[] =>
    records.filter((record) => record.contactId === contactId);
  return {
    assignment: assignment!,
    contact: (await simulator.listContacts()).find((contact) => contact.id === contactId)!,
    notes: of(await simulator.listNotes()),
    tasks: of(await simulator.listTasks()),
    opportunities: of(await simulator.listOpportunities()),
  };
}

/** Hands a lead to another rep and returns the slot it has then. */
export async function moveTo({ bench, agency }: Neighbours, held: HeldLead, repKey: string): Promise<HeldLead> {
  const request = { repId: agency.rep(repKey), force: true };
  const route = await run(bench.leads.reserveReassignment, { ...held, request });
  if (route.outcome !== 'reserved') throw new Error(route.reason);
  const moved = { ...held, assignmentId: route.assignmentId };
  await run(bench.ghl.placeLead, moved);
  await run(bench.leads.confirmAssignment, moved);
  await run(bench.ghl.explainLead, moved);
  await run(bench.ghl.notifyRep, moved);
  return moved;
}

/** The colleague in Back Bay of whoever has the lead. */
export async function otherRepOf({ agency }: Neighbours, held: HeldLead): Promise<'ann' | 'bob'> {
  return (await agency.get(held.leadId)).rep_id === agency.rep('ann') ? 'bob' : 'ann';
}
