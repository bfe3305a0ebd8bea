import type { Kysely, Transaction } from 'kysely';
import { auditOperator } from '../../db/operators.ts';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import type { Session } from '../session.ts';

interface KeyAct {
  action: string;
  version: number;
  after: Record<string, unknown>;
}

/** Notes in the operators' chain what was done with a key: keys belong to no tenant. Needs the operators role. */
export const recordKeyAct = (tx: Transaction<Database>, session: Session, { action, version, after }: KeyAct) =>
  auditOperator(tx, { actor: session.actor, origin: 'cli', action, subject: `encryption-key:${version}`, after });

/** The same in a transaction of its own. */
export const noteKeyAct = (db: Kysely<Database>, session: Session, act: KeyAct): Promise<void> =>
  withSystemRole(db, 'operators', (tx) => recordKeyAct(tx, session, act));
