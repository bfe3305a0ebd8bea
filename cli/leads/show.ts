import type { Command } from 'commander';
import { z } from 'zod';
import { listAssignments } from '../../db/assignments.ts';
import { listDecisions } from '../../db/decisions.ts';
import { listTimeline } from '../../db/lead-timeline.ts';
import { leadIntakeWorkflowId } from '../../domain/workflow-ids.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatFields, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedLead, viewLead } from './view.ts';

const input = z.object({ ...inAgencyInput, lead: id });

export function addLeadsShow(leads: Command, session: Session): void {
  const show = leads
    .command('show')
    .description('how a lead stands, why it went where it is, and what happened to it')
    .argument('<lead>', 'the lead’s id');
  addAgencyOption(show);
  perform(show, session, input, (given) => showLead(session, given.agency, given.lead));
}

async function showLead(session: Session, agencyId: string, leadId: string): Promise<Answer> {
  const workflowId = leadIntakeWorkflowId(agencyId, leadId);
  const data = await inAgency(session, agencyId, async (tx) => ({
    lead: { ...viewLead(await getNamedLead(tx, leadId)), workflowId },
    assignments: await listAssignments(tx, leadId),
    decisions: await listDecisions(tx, leadId),
    timeline: await listTimeline(tx, leadId),
  }));
  const { lead, assignments, decisions, timeline } = data;
  const held = assignments.map((each) => [
    each.reserved_at,
    each.state,
    each.release_reason,
    each.location_id,
    each.rep_id,
  ]);
  const made = decisions.map((each) => [
    each.decided_at,
    each.kind,
    each.outcome,
    each.step,
    each.reason,
    each.rule_version,
  ]);
  const happened = timeline.map((each) => [each.at, each.kind, JSON.stringify(each.detail)]);
  const sections = [
    formatFields(lead),
    `Decisions (--json has the candidates)\n${formatTable(['at', 'kind', 'outcome', 'step', 'reason', 'rules'], made, 'none')}`,
    `Assignments\n${formatTable(['reserved', 'state', 'reason', 'location', 'rep'], held, 'none')}`,
    `Timeline\n${formatTable(['at', 'what', 'detail'], happened, 'nothing yet')}`,
  ];
  return { data, text: sections.join('\n\n') };
}
