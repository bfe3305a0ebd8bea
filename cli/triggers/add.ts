import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createLeadTrigger } from '../../db/lead-triggers.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { inAgencyInput, text } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z
  .object({
    ...inAgencyInput,
    location: locationReference,
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'wanted is a name of small letters, digits and -, 40 at most'),
    tag: text(200).optional(),
    field: text(200).optional(),
    value: text(200).optional(),
  })
  .refine((given) => (given.tag === undefined) !== (given.field === undefined), {
    path: ['tag'],
    message: 'name either a tag or a field',
  })
  .refine((given) => given.value === undefined || given.field !== undefined, {
    path: ['value'],
    message: 'only a field has a value',
  });

export function addTriggersAdd(triggers: Command, session: Session): void {
  const add = triggers
    .command('add')
    .description('make a lead each time a contact of the location gets a tag, or a field its value')
    .requiredOption('--location <location>', 'our id or GHL’s')
    .requiredOption('--name <name>', 'part of the lead’s key: small letters, digits and -')
    .option('--tag <tag>', 'when the contact gets this tag')
    .option('--field <id>', 'when this custom field is set')
    .option('--value <value>', 'to this value (default: any)');
  addAgencyOption(add);
  perform(add, session, input, (given) => addTrigger(session, given));
}

async function addTrigger(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, name, tag, field, value = null } = given;
  const id = uuidv7();
  const kind = tag === undefined ? 'field' : 'tag';
  const subject = tag ?? field ?? '';
  const added = await inAgency(session, agencyId, async (tx) => {
    const locationId = (await getNamedLocation(tx, given.location)).id;
    const trigger = { id, locationId, name, kind, subject, value } as const;
    await createLeadTrigger(tx, { ...trigger, agencyId });
    await recordAct(tx, session, { agencyId, action: 'trigger.add', subject: `trigger:${id}`, after: trigger });
    return trigger;
  });
  const text = `${id}\n\nContacts that match already are only noted: the first step from absent to present makes a lead.`;
  return { data: added, text };
}
