import type { Transaction } from 'kysely';
import type { MirrorPlace } from '../db/mirror-place.ts';
import type { Origin } from '../db/poll-mirror.ts';
import type { Database } from '../db/schema.ts';
import { addGaps, type FoundChange } from '../db/webhook-gaps.ts';
import type { Observation } from '../domain/mirror.ts';
import { type PassKind, POLL_POLICY } from '../domain/poll-rules.ts';
import type { Listed } from './poll-source.ts';
import type { Turn } from './poll-turn.ts';

const HOUR_MS = 3_600_000;
/**
 * So far a round looks back behind the end of the one before: longer than lists lag, and than a sweep takes whose first pages
 * are older than its last. What is looked at again is found told, or noted already.
 */
const LOOK_BACK_MS: Record<PassKind, number> = { delta: HOUR_MS, sweep: 24 * HOUR_MS };

/**
 * Notes which of the changes that a page shows no event has told. It does not matter who has brought the mirror up to them:
 * a late event of an older change, a backfill or a write of ours may have read the record before polling came.
 */
export async function noteListedGaps(tx: Transaction<Database>, turn: Turn, items: readonly Listed[]): Promise<void> {
  await noteGaps(
    tx,
    turn.place,
    items.flatMap(({ seen }) => changesOf(turn, seen)),
    turn.deps.now(),
  );
}

/**
 * Notes which ends of records no event has told, whoever has found them.
 * @param askedAt when GHL said that they are not there
 */
export async function noteGoneGaps(
  tx: Transaction<Database>,
  place: MirrorPlace,
  origins: readonly Origin[],
  askedAt: Date,
): Promise<void> {
  const gone = origins.flatMap(({ ghlId, ghlContactId }): FoundChange[] =>
    ghlContactId === null ? [] : [{ ghlId, ghlContactId, kind: 'deleted', changedAt: askedAt }],
  );
  if (isPolled(place)) await noteGaps(tx, place, gone, askedAt);
}

/** What events should have told of a record; nothing of what happened before we watched. */
function changesOf(turn: Turn, seen: Observation): FoundChange[] {
  const { ghlId, ghlContactId, ghlCreatedAt, ghlUpdatedAt } = seen;
  if (ghlContactId === null || !isToldOf(seen)) return [];
  const changes: FoundChange[] = [];
  const add = (kind: FoundChange['kind'], changedAt: Date | null): void => {
    if (changedAt !== null && isWatched(turn, changedAt)) changes.push({ ghlId, ghlContactId, kind, changedAt });
  };
  add('created', ghlCreatedAt);
  if (ghlUpdatedAt !== null && (ghlCreatedAt === null || ghlUpdatedAt > ghlCreatedAt)) add('updated', ghlUpdatedAt);
  return changes;
}

/** GHL writes activities among the messages and sends no event of them. */
const isToldOf = ({ fields: { messageType } }: Observation): boolean =>
  typeof messageType !== 'string' || !messageType.startsWith('TYPE_ACTIVITY');

function isWatched({ pass }: Turn, at: Date): boolean {
  const { finished_at: finishedAt, watched_since: since, kind } = pass;
  if (finishedAt === null || at.getTime() <= finishedAt.getTime() - LOOK_BACK_MS[kind]) return false;
  return since === null || at > since;
}

type PolledPlace = Turn['place'];

const isPolled = (place: MirrorPlace): place is PolledPlace => place.resource in POLL_POLICY.rules;

async function noteGaps(
  tx: Transaction<Database>,
  { agencyId, locationId, resource }: PolledPlace,
  changes: readonly FoundChange[],
  foundAt: Date,
): Promise<void> {
  // Which events tell of what is GHL's and no matter of policy.
  const { toldBy } = POLL_POLICY.rules[resource];
  if (toldBy === null) return;
  const expected = changes.filter(({ kind }) => toldBy[kind].length > 0);
  await addGaps(tx, { agencyId, locationId, resource, toldBy, foundAt }, expected);
}
