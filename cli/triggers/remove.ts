import type { Command } from 'commander';
import { z } from 'zod';
import { removeLeadTrigger } from '../../db/lead-triggers.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, trigger: id });

export function addTriggersRemove(triggers: Command, session: Session): void {
  const remove = triggers
    .command('remove')
    .description('remove a trigger and what it remembers; leads it made stay')
    .argument('<trigger>', 'the trigger’s id');
  addAgencyOption(remove);
  perform(remove, session, input, (given) => removeTrigger(session, given.agency, given.trigger));
}

async function removeTrigger(session: Session, agencyId: string, triggerId: string): Promise<Answer> {
  const removed = await inAgency(session, agencyId, async (tx) => {
    const trigger = await removeLeadTrigger(tx, triggerId);
    if (!trigger) throw new CommandError('unknown-trigger', `The agency has no trigger ${triggerId}.`);
    const before = { ...trigger };
    await recordAct(tx, session, { agencyId, action: 'trigger.remove', subject: `trigger:${triggerId}`, before });
    return trigger;
  });
  return { data: removed, text: `Removed the trigger ${removed.name}.` };
}
