import type { Command } from 'commander';
import { z } from 'zod';
import { listLeadTriggers } from '../../db/lead-triggers.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, location: locationReference });

export function addTriggersList(triggers: Command, session: Session): void {
  const list = triggers
    .command('list')
    .description('the triggers of a location')
    .requiredOption('--location <location>', 'our id or GHL’s');
  addAgencyOption(list);
  perform(list, session, input, (given) => showTriggers(session, given));
}

async function showTriggers(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const triggers = await inAgency(session, given.agency, async (tx) =>
    listLeadTriggers(tx, (await getNamedLocation(tx, given.location)).id),
  );
  const rows = triggers.map(({ name, kind, subject, value, id }) => [name, kind, subject, value, id]);
  const text = formatTable(['name', 'kind', 'tag or field', 'value', 'id'], rows, 'There are none: triggers add.');
  return { data: triggers, text };
}
