import type { Command } from 'commander';
import { z } from 'zod';
import { changeContact } from '../../db/contact-changes.ts';
import { listFieldMappings } from '../../db/field-mappings.ts';
import { getLocation } from '../../db/locations.ts';
import { contactChangeSchema, readContactInput } from '../../domain/contact-input.ts';
import type { FieldMapping } from '../../domain/field-mapping.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { InputError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';
import { describeContact, lockNamedContact } from './view.ts';

const assignment = z
  .string()
  .regex(/^[A-Za-z0-9_.]{1,70}=/, 'wanted is field=value')
  .transform((typed): [string, string] => [
    typed.slice(0, typed.indexOf('=')),
    typed.slice(typed.indexOf('=') + 1).trim(),
  ]);
const input = z.object({
  ...inAgencyInput,
  contact: id,
  set: z.array(assignment).default([]),
  addTag: z.array(z.string()).default([]),
  removeTag: z.array(z.string()).default([]),
});

export function addContactsEdit(contacts: Command, session: Session): void {
  const edit = contacts
    .command('edit')
    .description('change a contact here at once, and in GHL as soon as it can be')
    .argument('<contact>', 'the contact’s id here')
    .option(
      '--set <field=value...>',
      'such as city=Boston, fields.budget=7, dnd=true or dndSettings.SMS=active; nothing after = empties it',
    )
    .option('--add-tag <tag...>', 'tags to give')
    .option('--remove-tag <tag...>', 'tags to take away');
  addAgencyOption(edit);
  perform(edit, session, input, async (given) =>
    inAgency(session, given.agency, async (tx) => {
      const contact = await lockNamedContact(tx, given.contact);
      const mappings = await listFieldMappings(tx, contact.location_id);
      const { country } = await getLocation(tx, contact.location_id);
      const read = contactChangeSchema.safeParse(toChange(given, mappings));
      if (!read.success) {
        throw new InputError(read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
      }
      const { changes, issues } = readContactInput(read.data, { country: country ?? 'US', mappings });
      if (issues.length > 0) throw new InputError(issues.map(({ path, message }) => `${path}: ${message}`));
      const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
      await changeContact(tx, contact, changes, act);
      return describeContact(tx, contact);
    }),
  );
}

/** What was typed in the shape that the API takes; a mapped field is spelt as its type wants it. */
function toChange(given: z.infer<typeof input>, mappings: readonly FieldMapping[]): Record<string, unknown> {
  const change: Record<string, unknown> = { addTags: given.addTag, removeTags: given.removeTag };
  const fields: Record<string, unknown> = {};
  const dndSettings: Record<string, unknown> = {};
  for (const [name, typed] of given.set) {
    const value = typed === '' ? null : typed;
    if (name.startsWith('dndSettings.')) dndSettings[name.slice('dndSettings.'.length)] = { status: value };
    else if (!name.startsWith('fields.')) change[name] = name === 'dnd' && value === 'true' ? true : value;
    else fields[name.slice('fields.'.length)] = spell(name.slice('fields.'.length), value, mappings);
  }
  return { ...change, dndSettings, fields };
}

function spell(name: string, value: string | null, mappings: readonly FieldMapping[]): unknown {
  const type = mappings.find((each) => each.name === name)?.type;
  if (value === null) return null;
  if (type === 'number') return Number(value);
  return type === 'options' ? value.split(',').map((each) => each.trim()) : value;
}
