import type { Command } from 'commander';
import { z } from 'zod';
import { findBrokenAuditLink, listAuditEntries, PLATFORM } from '../../db/audit-log.ts';
import { withSystemRole } from '../../db/scope.ts';
import { describeChain, describeEntries } from '../audit.ts';
import { perform } from '../command.ts';
import { limit } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ limit, verify: z.boolean().default(false) });

export function addOperatorsAudit(operators: Command, session: Session): void {
  const audit = operators
    .command('audit')
    .description('what operators did and read: sign-ins, payloads, changes by the Web UI; the newest first')
    .option('--limit <n>', 'how many', '50')
    .option('--verify', 'instead, check that no row of the log was changed or removed');
  perform(audit, session, input, (given) => showActs(session, given));
}

async function showActs(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const db = await session.db();
  if (given.verify) {
    return describeChain(await withSystemRole(db, 'operators', (tx) => findBrokenAuditLink(tx, PLATFORM)));
  }
  const filter = { agencyId: PLATFORM, subject: undefined, limit: given.limit };
  return describeEntries(await withSystemRole(db, 'operators', (tx) => listAuditEntries(tx, filter)));
}
