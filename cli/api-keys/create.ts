import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createApiKey as makeKey } from '../../crypto/api-key.ts';
import { createApiKey } from '../../db/api-keys.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { inAgencyInput, lifetimeMs, text } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z
  .object({
    ...inAgencyInput,
    location: locationReference.optional(),
    role: z.enum(['agency', 'location', 'webhook'], 'wanted is agency, location or webhook'),
    name: text(100),
    expires: lifetimeMs.optional(),
  })
  .refine((given) => (given.role === 'agency') === (given.location === undefined), {
    path: ['location'],
    message: 'a key of the role location or webhook belongs to one location; one of the role agency to none',
  });

export function addApiKeysCreate(keys: Command, session: Session): void {
  const create = keys
    .command('create')
    .description('make a key; it is shown once')
    .requiredOption('--name <name>', 'who or what uses it')
    .requiredOption('--role <role>', 'agency: all of it; location: one; webhook: only posts enquiries of one location')
    .option('--location <location>', 'our id or GHL’s')
    .option('--expires <time>', 'such as 12h or 90d (default: never)');
  addAgencyOption(create);
  perform(create, session, input, (given) => createKey(session, given));
}

async function createKey(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, role, name, expires } = given;
  const { key, hash } = makeKey();
  const id = uuidv7();
  const expiresAt = expires === undefined ? null : new Date(session.terminal.now().getTime() + expires);
  await inAgency(session, agencyId, async (tx) => {
    const locationId = given.location === undefined ? null : (await getNamedLocation(tx, given.location)).id;
    await createApiKey(tx, { id, agencyId, locationId, role, name, hash, expiresAt });
    const after = { role, name, locationId, expiresAt };
    await recordAct(tx, session, { agencyId, action: 'api-key.create', subject: `api-key:${id}`, after });
  });
  const header = role === 'webhook' ? `x-switchyard-secret: ${key}` : `Authorization: Bearer ${key}`;
  const text = `${key}\n\nKeep it now: it is not shown again. It is sent as\n  ${header}\nIts id, for api-keys revoke: ${id}`;
  return { data: { id, key, role, name, expiresAt }, text };
}
