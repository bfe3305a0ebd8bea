import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { countStored } from '../db/backfill-mirror.ts';
import { beginBackfillPart, endBackfillPart, findBackfillPart, wishOfPart } from '../db/backfill-parts.ts';
import {
  addBackfillRun,
  type BackfillWork,
  endBackfillRun,
  findBackfillRun,
  listBackfillParts,
  planBackfillRun,
  wishOfRun,
} from '../db/backfill-runs.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { BackfillWish } from '../domain/backfill.ts';
import { backfillInputSchema } from '../domain/backfill-input.ts';
import { type RunState, stateOf } from '../domain/backfill-standing.ts';
import { backfillWorkflowId } from '../domain/workflow-ids.ts';
import type { BackfillPartRef } from './backfill-ghl.ts';
import type { StoreDeps } from './dependencies.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';

/** What a part's workflow returns: what a second reading of GHL proved. */
export interface BackfillReport {
  /** By GHL, in the second reading. */
  listed: number;
  /** In the mirror, after it. */
  stored: number;
  /** Found by the second reading, and written. */
  missing: number;
  different: number;
  /** Said by GHL to be gone. */
  deleted: number;
  /** New contacts of a live intake account, whom events and polls bring. */
  leftToPoll: number;
}

/** The steps of a backfill that store. */
export function createBackfillActivities(deps: Pick<StoreDeps, 'db' | 'now'>) {
  /**
   * Checks every field of what a workflow was started with, makes the run where it was started by hand, and marks the
   * part as begun. Repeatable.
   * @param given.fallbackRunId names the run of a workflow that was started without one
   * @throws ApplicationFailure, final: BackfillMalformed, LocationNotFound, LocationNotConnected, BackfillPartNotFound
   */
  async function openBackfill(given: {
    input: unknown;
    workflowId: string;
    fallbackRunId: string;
  }): Promise<BackfillPartRef> {
    const parsed = backfillInputSchema.safeParse(given.input);
    if (!parsed.success) {
      // Only the names of fields: what stands in them may be anything.
      const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
      throw ApplicationFailure.nonRetryable(`the input is not usable: ${wrong.join('; ')}`, 'BackfillMalformed');
    }
    const { agencyId, locationId, resource, runId = given.fallbackRunId, from, to, names } = parsed.data;
    const key = { runId, locationId, resource };
    await withScope(deps.db, { agencyId }, async (tx) => {
      await requireConnected(tx, locationId);
      if (!(await findBackfillRun(tx, runId))) {
        const range = { from: from ?? null, to: to ?? null, names };
        const of = { id: runId, agencyId, rootId: locationId, locationIds: [locationId], resources: [resource] };
        const by = { actor: 'temporal', origin: 'workflow' };
        await addBackfillRun(tx, { ...of, ...range, workflowId: given.workflowId }, by);
      }
      if ((await beginBackfillPart(tx, key, deps.now())) === undefined) {
        throw ApplicationFailure.nonRetryable('the run has no such part', 'BackfillPartNotFound');
      }
    });
    return { agencyId, ...key };
  }

  async function requireConnected(tx: Transaction<Database>, locationId: string): Promise<void> {
    const location = await requireLocation(tx, locationId);
    if (location.ghl_location_id === null || location.installed_at === null) {
      throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    }
  }

  /** Notes what somebody wants of a part. Repeatable. */
  async function wishBackfillPart({ wish, ...ref }: BackfillPartRef & { wish: BackfillWish }): Promise<void> {
    await withScope(deps.db, { agencyId: ref.agencyId }, (tx) => wishOfPart(tx, ref, wish));
  }

  /**
   * Ends a part, with a dead letter where it failed; the last part ends the run. Repeatable: the first end stands.
   * @returns what the second reading proved; null where there was none
   */
  async function endPart({
    state,
    cause,
    ...ref
  }: BackfillPartRef & {
    state: 'done' | 'failed' | 'cancelled';
    cause: string | null;
  }): Promise<BackfillReport | null> {
    const { agencyId, locationId, resource, runId } = ref;
    return withScope(deps.db, { agencyId }, async (tx) => {
      const found = await findBackfillPart(tx, ref);
      if (!found) return null;
      const span = { from: found.run.from_at?.getTime() ?? null, to: found.run.to_at?.getTime() ?? null };
      const stored = state === 'done' ? await countStored(tx, { locationId, resource, span }) : null;
      if ((await endBackfillPart(tx, ref, { state, cause, stored, now: deps.now() })) && state === 'failed') {
        await addDeadLetter(tx, {
          agencyId,
          locationId,
          capability: 'backfill',
          cause: `part:${cause ?? 'Unknown'}`,
          advice: `The backfill of ${resource} records of this location stopped for good (${cause ?? 'Unknown'}). Mend the cause, then start it again: what is in the mirror already is not written again.`,
          subject: { kind: 'backfill', id: `${runId}/${resource}` },
          workflowId: backfillWorkflowId(locationId, resource, runId),
        });
      }
      await endBackfillRun(tx, runId);
      const { part } = (await findBackfillPart(tx, ref))!;
      if (part.stored === null) return null;
      const { checked: listed, missing, different, deleted, left_to_poll: leftToPoll } = part;
      return { listed, stored: part.stored, missing, different, deleted, leftToPoll };
    });
  }

  /** What a run is to start next; one that has no open part any more ends. Repeatable. */
  async function planRun(of: {
    agencyId: string;
    runId: string;
    window: number;
    again: boolean;
  }): Promise<BackfillWork> {
    const { agencyId, runId, window, again } = of;
    return withScope(deps.db, { agencyId }, (tx) => planBackfillRun(tx, runId, { window, again }));
  }

  /** Notes what somebody wants of a run. Repeatable. @returns the workflows of its parts that run */
  async function wishBackfillRun(of: { agencyId: string; runId: string; wish: BackfillWish }): Promise<string[]> {
    const { agencyId, runId, wish } = of;
    return withScope(deps.db, { agencyId }, async (tx) => {
      await wishOfRun(tx, { agencyId, runId }, wish, { actor: 'signal', origin: 'workflow' });
      const { running } = await planBackfillRun(tx, runId, { window: 0, again: false });
      return running;
    });
  }

  /** How a run ended. */
  async function tellRun({ agencyId, runId }: { agencyId: string; runId: string }): Promise<RunState> {
    return withScope(deps.db, { agencyId }, async (tx) => {
      const run = await findBackfillRun(tx, runId);
      if (!run) throw ApplicationFailure.nonRetryable('there is no such run', 'BackfillRunNotFound');
      const parts = await listBackfillParts(tx, [runId]);
      return stateOf(
        { wanted: run.wanted, endedAt: run.ended_at },
        parts.map((part) => ({ ...part, activeSeconds: part.active_seconds })),
      );
    });
  }

  return mapStoreFailures({ openBackfill, wishBackfillPart, endPart, planRun, wishBackfillRun, tellRun });
}

export type BackfillActivities = ReturnType<typeof createBackfillActivities>;
