import type { ControlClient } from '../../simulator/control-client.ts';
import { type AgencyPlan, ghlIds } from './agency-plan.ts';
import type { Followed } from './check-leads.ts';
import type { SeenAssignment } from './seen-leads.ts';

interface GhlContact {
  id: string;
  locationId: string;
  email?: string | null | undefined;
  assignedTo?: string | null | undefined;
}

interface OfContact {
  id: string;
  contactId: string;
}

/** What GHL holds of all its accounts. */
export interface GhlView {
  contacts: GhlContact[];
  notes: OfContact[];
  tasks: OfContact[];
  opportunities: OfContact[];
}

export async function viewGhl(simulator: ControlClient): Promise<GhlView> {
  const [contacts, notes, tasks, opportunities] = await Promise.all([
    simulator.listContacts(),
    simulator.listNotes(),
    simulator.listTasks(),
    simulator.listOpportunities(),
  ]);
  return { contacts, notes, tasks, opportunities };
}

/**
 * Compares what GHL shows of a lead with what it has to show: one contact of the person where the lead is, assigned to
 * the rep; for each assignment there a note, and with a rep a task; an opportunity where there is a pipeline.
 */
export function checkInGhl({ sample, seen }: Followed, plan: AgencyPlan, ghl: GhlView): string[] {
  if (seen === undefined || seen.state === 'closed') return [];
  const active = seen.assignments.find((each) => each.isActive);
  const contact = ghl.contacts.find((each) => each.id === active?.contactId);
  if (active === undefined || contact === undefined) return ['GHL has no contact of it'];

  const problems: string[] = [];
  const locationId = ghlIds.location(plan.key, active.location);
  if (contact.locationId !== locationId) problems.push('its contact is in another account');
  const user = seen.rep === null ? null : ghlIds.user(plan.key, seen.rep);
  if ((contact.assignedTo ?? null) !== user) problems.push(`GHL shows ${contact.assignedTo ?? 'nobody'} as its user`);

  const { email } = sample.person;
  const namesakes = ghl.contacts.filter(
    (each) => each.locationId === locationId && each.email === email?.toLowerCase(),
  );
  if (email !== undefined && namesakes.length !== 1)
    problems.push(`GHL has ${namesakes.length} contacts of the person`);

  const here = seen.assignments.filter((each) => each.contactId === active.contactId);
  const count = (what: 'notes' | 'tasks' | 'opportunities', wanted: number): void => {
    const found = ghl[what].filter((each) => each.contactId === active.contactId).length;
    if (found !== wanted) problems.push(`GHL has ${found} ${what} of it instead of ${wanted}`);
  };
  count('notes', here.filter(({ noteId }) => noteId !== null).length);
  count('tasks', here.filter(({ taskId }) => taskId !== null).length);
  const hasPipeline = plan.locations.find(({ key }) => key === active.location)?.pipeline === true;
  count('opportunities', hasPipeline ? 1 : 0);
  return [...problems, ...seen.assignments.flatMap((each) => checkLeft(each, active, ghl))];
}

/** The contact where a lead was before belongs to nobody there. */
function checkLeft(earlier: SeenAssignment, active: SeenAssignment, ghl: GhlView): string[] {
  if (earlier.contactId === null || earlier.contactId === active.contactId) return [];
  const contact = ghl.contacts.find((each) => each.id === earlier.contactId);
  return contact?.assignedTo == null ? [] : [`in ${earlier.location}, where it was, it still has a user`];
}
