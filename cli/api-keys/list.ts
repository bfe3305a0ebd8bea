import type { Command } from 'commander';
import { z } from 'zod';
import { listApiKeys } from '../../db/api-keys.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object(inAgencyInput);

export function addApiKeysList(keys: Command, session: Session): void {
  const list = keys.command('list').description('the agency’s keys; the keys themselves are not stored');
  addAgencyOption(list);
  perform(list, session, input, (given) => showKeys(session, given.agency));
}

async function showKeys(session: Session, agencyId: string): Promise<Answer> {
  const now = session.terminal.now();
  const keys = (await inAgency(session, agencyId, listApiKeys)).map((key) => ({
    id: key.id,
    name: key.name,
    role: key.role,
    locationId: key.location_id,
    state: key.revoked_at ? 'revoked' : key.expires_at && key.expires_at <= now ? 'expired' : 'valid',
    createdAt: key.created_at,
    expiresAt: key.expires_at,
    revokedAt: key.revoked_at,
  }));
  const rows = keys.map((key) => [key.name, key.role, key.state, key.locationId, key.createdAt, key.expiresAt, key.id]);
  const headings = ['name', 'role', 'state', 'location', 'created', 'expires', 'id'];
  return { data: keys, text: formatTable(headings, rows, 'There are no keys: api-keys create.') };
}
