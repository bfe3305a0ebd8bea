import type { Command } from 'commander';
import { z } from 'zod';
import { bringLeadBack } from '../../client.ts';
import { resolveRedriven } from '../../db/dead-letters.ts';
import { redriveLeadWork } from '../../db/event-capabilities.ts';
import { withSystemRole } from '../../db/scope.ts';
import { leadIntakeWorkflowId } from '../../domain/workflow-ids.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedLead } from './view.ts';

const input = z.object({ ...inAgencyInput, lead: id });

export function addLeadsRedrive(leads: Command, session: Session): void {
  const redrive = leads
    .command('redrive')
    .description('set a lead going again whose workflow has failed, was ended or never was: nothing is done twice')
    .argument('<lead>', 'the lead’s id');
  addAgencyOption(redrive);
  perform(redrive, session, input, (given) => redriveLead(session, given.agency, given.lead));
}

/**
 * Every part can be repeated, so a command that broke off is typed again. What was buried of the lead follows its
 * workflow by the inbox, in its old order.
 */
async function redriveLead(session: Session, agencyId: string, leadId: string): Promise<Answer> {
  const find = () => inAgency(session, agencyId, (tx) => getNamedLead(tx, leadId));
  await find();
  const workflow = await bringLeadBack(await session.client(), { agencyId, leadId }, find);
  if (workflow === 'closed') throw new CommandError('lead-closed', 'The lead is over: there is nothing to set going.');
  const requeued = await withSystemRole(await session.db(), 'relay', (tx) => redriveLeadWork(tx, { agencyId, leadId }));
  const data = await inAgency(session, agencyId, async (tx) => {
    const lettersResolved = await resolveRedriven(tx, leadIntakeWorkflowId(agencyId, leadId));
    const done = { workflow, requeued, lettersResolved };
    if (workflow === 'running' && requeued === 0 && lettersResolved === 0) throw nothingToDo();
    await recordAct(tx, session, { agencyId, action: 'lead.redrive', subject: `lead:${leadId}`, after: done });
    return { id: leadId, ...done };
  });
  return { data, text: `Redriven.\n${formatFields(data)}` };
}

const nothingToDo = (): CommandError =>
  new CommandError(
    'lead-running',
    'The lead’s workflow runs, and nothing of the lead was buried: there is nothing to redrive. leads show tells how it stands.',
  );
