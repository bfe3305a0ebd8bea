import type { Transaction } from 'kysely';
import { countMonthsAhead } from '../domain/retention.ts';
import { listMonthPartitions } from './partitions.ts';
import type { Database } from './schema.ts';
import { listUpkeepFigures, type UpkeepFigure } from './upkeep-figures.ts';

/** How upkeep stands. */
export interface RetentionMeasure {
  /** When a run last did all its steps; null for never. */
  lastRunAt: Date | null;
  done: UpkeepFigure[];
  /** Of each table by month: how many months are made ahead, and the first day of its oldest month. */
  tables: { table: string; ahead: number; oldest: string }[];
}

/** Measures what upkeep has done and how far the months reach. Needs the upkeep role. */
export async function measureRetention(tx: Transaction<Database>, now: Date): Promise<RetentionMeasure> {
  const figures = await listUpkeepFigures(tx);
  const months = new Map<string, string[]>();
  for (const { table, month } of await listMonthPartitions(tx))
    months.set(table, [...(months.get(table) ?? []), month]);
  return {
    lastRunAt: figures.find(({ step }) => step === 'run')?.lastAt ?? null,
    done: figures.filter(({ step }) => step !== 'run'),
    tables: [...months].map(([table, own]) => ({ table, ahead: countMonthsAhead(own, now), oldest: own[0]! })),
  };
}
