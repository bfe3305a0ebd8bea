import type { Selectable, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from './schema.ts';
import type { DriftReportTable } from './schema/polling.ts';

export type DriftReport = Selectable<DriftReportTable>;

/** Stores how far apart the two sides were. */
export async function addDriftReport(tx: Transaction<Database>, report: Omit<DriftReport, 'id'>): Promise<void> {
  await tx
    .insertInto('drift_reports')
    .values({ ...report, id: uuidv7() })
    .execute();
}

/** The newest report of each resource of a location. */
export async function listLatestDrift(tx: Transaction<Database>, locationId: string): Promise<DriftReport[]> {
  return tx
    .selectFrom('drift_reports')
    .selectAll()
    .distinctOn('resource')
    .where('location_id', '=', locationId)
    .orderBy('resource')
    .orderBy('finished_at', 'desc')
    .execute();
}

/** The reports of a location, newest first. */
export async function listDriftHistory(
  tx: Transaction<Database>,
  locationId: string,
  limit: number,
): Promise<DriftReport[]> {
  return tx
    .selectFrom('drift_reports')
    .selectAll()
    .where('location_id', '=', locationId)
    .orderBy('finished_at', 'desc')
    .orderBy('resource')
    .limit(limit)
    .execute();
}
