import { type Transaction, sql } from 'kysely';
import { jsonRows } from './json-rows.ts';
import type { Database } from './schema.ts';

/** What was handed to a workflow from one time to another. */
export interface HandedOver {
  workflowId: string;
  from: Date;
  until: Date;
}

/** Work can wait so long in the inbox before it is handed over: longer than the relay tries. */
const LONGEST_WAIT = '14 days';

/**
 * Lets the events of accounts and the changes of records that were handed to these workflows wait in the inbox again. What was done of them before
 * is done again, which changes nothing. Changes of ours are not among them: their own rows tell that they are not written
 * (`db/forgotten-changes.ts`). Needs the relay role. @returns how many wait again
 */
export async function handBackWork(tx: Transaction<Database>, handed: readonly HandedOver[]): Promise<number> {
  if (handed.length === 0) return 0;
  const earliest = new Date(Math.min(...handed.map(({ from }) => from.getTime())));
  const rows = handed.map(({ workflowId, from, until }) => ({
    workflow_id: workflowId,
    from_at: from.toISOString(),
    until_at: until.toISOString(),
  }));
  // With an attempt it is no longer what other changes of the same record are gathered into: there may be such a row by now.
  const result = await sql`
    update event_capabilities work
    set state = 'pending', attempts = greatest(work.attempts, 1), due_at = now(), last_error = 'workflow-ended'
    from json_to_recordset(${jsonRows(rows)}) as ended (workflow_id text, from_at timestamptz, until_at timestamptz)
    where work.workflow_id = ended.workflow_id and work.state = 'started'
      and work.started_at between ended.from_at and ended.until_at
      and work.created_at >= ${earliest}::timestamptz - interval '${sql.raw(LONGEST_WAIT)}'
      and (work.capability = 'account-sync' or (work.capability = 'contact-sync' and work.input ? 'change'))
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
}
