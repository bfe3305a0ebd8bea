import type { Command } from 'commander';
import { z } from 'zod';
import { removeFieldMapping } from '../../db/field-mappings.ts';
import { mappedNameSchema } from '../../domain/field-mapping-schema.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, location: locationReference, name: mappedNameSchema });

export function addFieldsUnmap(fields: Command, session: Session): void {
  const unmap = fields
    .command('unmap')
    .description('forget a name; the field and what contacts have in it stay in GHL')
    .argument('<name>', 'our name')
    .requiredOption('--location <location>', 'our id or GHL’s');
  addAgencyOption(unmap);
  perform(unmap, session, input, (given) => unmapField(session, given));
}

async function unmapField(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, name } = given;
  await inAgency(session, agencyId, async (tx) => {
    const { id: locationId } = await getNamedLocation(tx, given.location);
    if (!(await removeFieldMapping(tx, { locationId, name }, session.terminal.now()))) {
      throw new CommandError('unknown-mapping', `Nothing is mapped as ${name}: fields list.`);
    }
    const act = { action: 'field.unmap', subject: `location:${locationId}`, before: { name } };
    await recordAct(tx, session, { agencyId, ...act });
  });
  return { data: { name }, text: `${name} is forgotten.` };
}
