import { type Transaction, sql } from 'kysely';
import type { Database } from './schema.ts';
import type { UpkeepStep } from './schema/retention.ts';

/** What upkeep has done of a kind since the database was made. */
export interface UpkeepFigure {
  step: UpkeepStep;
  kind: string;
  total: number;
  lastAt: Date;
}

/** Adds to what was done, in the transaction that does it. Nothing done is nothing noted. Needs the upkeep role. */
export async function addUpkeepFigure(
  tx: Transaction<Database>,
  { step, kind, done }: { step: UpkeepStep; kind: string; done: number },
): Promise<void> {
  if (done === 0) return;
  await sql`
    insert into upkeep_figures (step, kind, total) values (${step}, ${kind}, ${done})
    on conflict (step, kind) do update set total = upkeep_figures.total + excluded.total, last_at = excluded.last_at
  `.execute(tx);
}

/** What was done of each kind that ever had anything to do. Needs the upkeep role. */
export async function listUpkeepFigures(tx: Transaction<Database>): Promise<UpkeepFigure[]> {
  const rows = await tx.selectFrom('upkeep_figures').selectAll().orderBy('step').orderBy('kind').execute();
  return rows.map(({ step, kind, total, last_at: lastAt }) => ({ step, kind, total: Number(total), lastAt }));
}
