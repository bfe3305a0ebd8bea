import { log } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { resolveDeadLetters } from '../db/dead-letters.ts';
import { addDriftReport, listLatestDrift } from '../db/drift-reports.ts';
import { countHere } from '../db/poll-mirror.ts';
import { findLastEventAt } from '../db/poll-turns.ts';
import { type PassChange, savePass } from '../db/poll-passes.ts';
import type { Database } from '../db/schema.ts';
import { countOpenGaps } from '../db/webhook-gaps.ts';
import { passSubject, POLL_CAUSE } from '../domain/poll-failure.ts';
import { decidePace, dueAfter } from '../domain/poll-pace.ts';
import { newestOf } from '../domain/poll-comparison.ts';
import type { Listed } from './poll-source.ts';
import type { Turn } from './poll-turn.ts';
import { settleRefused } from './unread-records.ts';

const DAY_MS = 86_400_000;

/** What a page has changed of its pass, whatever kind it is. */
export function pageProgress({ pass, deps, isFirst }: Turn, items: readonly Listed[], changed: number): PassChange {
  const now = deps.now();
  const changedAts = items.map(({ changedAt }) => changedAt);
  return {
    listed: pass.listed + items.length,
    reached: newestOf([pass.reached, ...changedAts], now),
    failures: 0,
    last_error: null,
    // All is news at a first look: how busy a location has been is what GHL's own times say.
    ...(isFirst && { last_change_at: newestOf([pass.last_change_at, ...changedAts], now) }),
    ...(!isFirst && changed > 0 && { last_change_at: now }),
  };
}

/** Somebody else has brought the pass on meanwhile: this step is undone, and theirs counts. */
export class PassMovedError extends Error {
  readonly code = 'PassMoved';
  constructor() {
    super('the pass was moved on by somebody else');
    this.name = 'PassMovedError';
  }
}

/**
 * Saves how far a pass is; what was put before an operator because it failed is settled then.
 * @throws PassMovedError, so that nothing of the transaction stands
 */
export async function keepPlace(tx: Transaction<Database>, turn: Turn, change: PassChange): Promise<void> {
  const { pass, deps, place } = turn;
  if (!(await savePass(tx, pass, change))) throw new PassMovedError();
  if (pass.failures === 0) return;
  const about = { subjectId: passSubject(place.locationId, pass), causePrefix: POLL_CAUSE };
  await resolveDeadLetters(tx, about, 'works-again', deps.now());
  await settleRefused(tx, place.locationId, place.resource, deps.now());
}

/**
 * Ends the round of a pass: what it has reached is what the next one goes back to, and how busy the location is says when
 * that comes. @throws PassMovedError
 */
export async function endRound(tx: Transaction<Database>, turn: Turn, progress: PassChange): Promise<void> {
  const { pass, rule, deps, place } = turn;
  const now = deps.now();
  const reached = progress.reached ?? pass.reached;
  const watermark = newestOf([pass.watermark, reached], now);
  const isAskedSince = pass.asked_at !== null && pass.asked_at > turn.startedAt;
  const { pace } = decidePace(
    {
      lastChangeAt: progress.last_change_at ?? pass.last_change_at,
      lastEventAt: await findLastEventAt(tx, place.locationId),
      openGaps: await countOpenGaps(tx, place.locationId, { graceMs: deps.policy.gapGraceMs, now }),
    },
    now,
  );
  const chance = Math.random();
  const { everyMs } = (pass.kind === 'delta' ? rule.delta : rule.sweep) ?? rule.sweep;
  await keepPlace(tx, turn, {
    ...progress,
    started_at: null,
    cursor: null,
    finished_at: now,
    watermark,
    watched_since: turn.isFirst ? watermark : pass.watched_since,
    due_at: isAskedSince ? now : dueAfter(now, everyMs[pace], chance),
    busy_due_at: dueAfter(now, everyMs.hot, chance),
    ...(!isAskedSince && { asked_at: null, asked_repairs: null }),
  });
}

/**
 * Stores what a sweep has found. A first one has nothing to compare with; where there is no delta a sweep is how changes
 * are found, and one report a day shows how that goes.
 */
export async function reportDrift(tx: Transaction<Database>, turn: Turn, counts: PassChange): Promise<void> {
  const { pass, place, rule, deps } = turn;
  if (turn.isFirst && pass.asked_at === null) return;
  const now = deps.now();
  const latest = (await listLatestDrift(tx, place.locationId)).find(({ resource }) => resource === place.resource);
  const isDue = !latest || latest.finished_at.getTime() <= now.getTime() - DAY_MS;
  if (rule.delta === undefined && pass.asked_at === null && !isDue) return;
  const { here, missing } = await countHere(tx, place);
  const { missing_here = 0, missing_there = 0, different = 0, listed = 0 } = counts;
  const remaining = pass.repairs ? missing : missing_here + missing_there + different;
  const { locationId, agencyId, resource } = place;
  await addDriftReport(tx, {
    agency_id: agencyId,
    location_id: locationId,
    resource,
    started_at: turn.startedAt,
    finished_at: now,
    here,
    there: listed,
    missing_here,
    missing_there,
    different,
    remaining,
    repairs: pass.repairs === true,
  });
  if (remaining > 0) {
    log.warn('the mirror and GHL differ', { alert: 'mirror-drift', agencyId, locationId, resource, remaining });
  }
}
