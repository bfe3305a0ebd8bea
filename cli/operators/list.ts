import type { Command } from 'commander';
import { z } from 'zod';
import { listOperatorCredentials } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { limit } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

export function addOperatorsList(operators: Command, session: Session): void {
  const list = operators
    .command('list')
    .description('links, sessions and tokens, the newest first; their secrets are not stored')
    .option('--limit <n>', 'how many', '50');
  perform(list, session, z.object({ limit }), (given) => showCredentials(session, given.limit));
}

async function showCredentials(session: Session, most: number): Promise<Answer> {
  const now = session.terminal.now();
  const found = await withSystemRole(await session.db(), 'operators', (tx) => listOperatorCredentials(tx, most));
  const credentials = found.map((credential) => ({
    id: credential.id,
    name: credential.operator,
    kind: credential.kind,
    state: stateOf(credential, now),
    createdAt: credential.created_at,
    expiresAt: credential.expires_at,
  }));
  const rows = credentials.map((each) => [each.name, each.kind, each.state, each.createdAt, each.expiresAt, each.id]);
  const headings = ['name', 'kind', 'state', 'created', 'expires', 'id'];
  return { data: credentials, text: formatTable(headings, rows, 'There are none: operators sign-in-link.') };
}

function stateOf(
  credential: { revoked_at: Date | null; used_at: Date | null; expires_at: Date },
  now: Date,
): 'revoked' | 'used' | 'expired' | 'valid' {
  if (credential.revoked_at) return 'revoked';
  if (credential.used_at) return 'used';
  return credential.expires_at <= now ? 'expired' : 'valid';
}
