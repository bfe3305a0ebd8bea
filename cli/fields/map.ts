import type { Command } from 'commander';
import { z } from 'zod';
import { MAPPED_TYPES } from '../../domain/field-mapping.ts';
import { mappedNameSchema } from '../../domain/field-mapping-schema.ts';
import { addAgencyOption, perform } from '../command.ts';
import { inAgencyInput, text } from '../inputs.ts';
import { locationReference } from '../locations/reference.ts';
import type { Session } from '../session.ts';
import { askFields } from './ask.ts';
import { showFields } from './list.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference,
  name: mappedNameSchema,
  type: z.enum(MAPPED_TYPES),
  field: text(200).optional(),
  option: z.array(text(200)).default([]),
  create: z.boolean().default(false),
});

export function addFieldsMap(fields: Command, session: Session): void {
  const map = fields
    .command('map')
    .description('let contacts have a custom field by a name of ours')
    .argument('<name>', 'our name, such as favouriteColour')
    .requiredOption('--location <location>', 'our id or GHL’s')
    .requiredOption('--type <type>', MAPPED_TYPES.join(', '))
    .option('--field <field>', 'its id, key or name in GHL (default: what is called like our name)')
    .option('--option <option...>', 'what can be chosen; the field has to hold these')
    .option('--create', 'make the field in GHL where there is none');
  addAgencyOption(map);
  perform(map, session, input, async (given) => {
    const { agency, location, name, type, field, option: options, create } = given;
    const request = { name, type, options, create, ...(field !== undefined && { field }) };
    await askFields(session, given, { map: { request, actor: session.actor, origin: 'cli' } });
    return showFields(session, agency, location);
  });
}
