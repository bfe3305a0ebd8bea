import type { Transaction } from 'kysely';
import type { PassKind, PolledResource } from '../domain/poll-rules.ts';
import { type DriftReport, listLatestDrift } from './drift-reports.ts';
import { listPasses } from './poll-passes.ts';
import type { Database } from './schema.ts';
import { countOpenGaps, listGaps, type WebhookGap } from './webhook-gaps.ts';

/** How one pass over a location stands. */
export interface PassStanding {
  resource: PolledResource;
  kind: PassKind;
  dueAt: Date;
  finishedAt: Date | null;
  isUnderWay: boolean;
  failures: number;
  lastError: string | null;
}

/** How far apart the two sides of a resource were when that was last looked at. */
export interface DriftFigures {
  resource: string;
  finishedAt: Date;
  here: number;
  there: number;
  missingHere: number;
  missingThere: number;
  different: number;
  /** What of that stands. */
  remaining: number;
  repairs: boolean;
}

/** How a location is in step with GHL. */
export interface SyncStanding {
  passes: PassStanding[];
  drift: DriftFigures[];
  /** Changes of the last day that no event has told. */
  openGaps: number;
  gaps: WebhookGap[];
}

/** A report as it is shown. */
export const viewDrift = (report: DriftReport): DriftFigures => ({
  resource: report.resource,
  finishedAt: report.finished_at,
  here: report.here,
  there: report.there,
  missingHere: report.missing_here,
  missingThere: report.missing_there,
  different: report.different,
  remaining: report.remaining,
  repairs: report.repairs,
});

/** How a location is in step with GHL; `gaps` is how many of the newest gaps are named. */
export async function getSyncStanding(
  tx: Transaction<Database>,
  locationId: string,
  { graceMs, gaps, now }: { graceMs: number; gaps: number; now: Date },
): Promise<SyncStanding> {
  const passes = await listPasses(tx, locationId);
  return {
    passes: passes.map((pass) => ({
      resource: pass.resource,
      kind: pass.kind,
      dueAt: pass.due_at,
      finishedAt: pass.finished_at,
      isUnderWay: pass.started_at !== null,
      failures: pass.failures,
      lastError: pass.last_error,
    })),
    drift: (await listLatestDrift(tx, locationId)).map(viewDrift),
    openGaps: await countOpenGaps(tx, locationId, { graceMs, now }),
    gaps: await listGaps(tx, locationId, { graceMs, limit: gaps, now }),
  };
}
