import { ApplicationFailure, Context } from '@temporalio/activity';
import { countContactsToRead, findWrittenEmails } from '../db/backfill-mirror.ts';
import { enterStep, findBackfillPart, type PartKey, storeSlices } from '../db/backfill-parts.ts';
import type { BackfillPart, BackfillRun } from '../db/backfill-runs.ts';
import { findGhlAddress, findLocation, type GhlAddress } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import {
  type BackfillStep,
  type BackfillWish,
  nextStep,
  readStep,
  type Span,
  stepsOf,
  strongerWish,
} from '../domain/backfill.ts';
import type { Slice } from '../domain/backfill-slices.ts';
import type { GhlCalls } from '../ghl/calls.ts';
import { type ListingCall, READERS } from './backfill-listings.ts';

import { paced, sideBySide } from './backfill-pace.ts';
import { findDoubts, type PagePlace, writePage } from './backfill-page.ts';
import { planSlices } from './backfill-plan.ts';
import { type ReadBack, readBack } from './backfill-reads.ts';
import { readSingles } from './backfill-singles.ts';
import type { StoreDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface BackfillPartRef extends PartKey {
  agencyId: string;
}

/** Where a part is when a walk returns. */
export interface WalkResult {
  /** `walked`: all steps are done. `over`: somebody has ended the part. */
  outcome: 'more' | 'walked' | 'paused' | 'cancelled' | 'over';
  step: string | null;
  done: number;
  total: number | null;
  activeSeconds: number;
  listed: number;
}

/** Readers of one list side by side. */
const LANES = 4;
/** One walk: others of the queue come in between, and a workflow hears how far it is. */
const WALK_MS = 20_000;

export function createBackfillGhlActivities(deps: StoreDeps & { ghl: GhlCalls }) {
  /**
   * Brings a part on for a while: page by page into the mirror, each with the place behind it in one transaction.
   * Repeatable: it goes on from where the part stands.
   * @throws ApplicationFailure of GHL; final: BackfillPartNotFound, LocationNotConnected; BackfillMoved, retried
   */
  async function walkBackfill(ref: BackfillPartRef): Promise<WalkResult> {
    const address = await findPlace(ref);
    return talkingToGhl(() => walk(ref, address), 'wait');
  }

  async function findPlace({ agencyId, locationId }: BackfillPartRef): Promise<GhlAddress> {
    return withScope(deps.db, { agencyId }, async (tx) => {
      const address = await findGhlAddress(tx, locationId);
      if (address && (await findLocation(tx, locationId))?.installed_at) return address;
      throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    });
  }

  async function load(ref: BackfillPartRef): Promise<{ part: BackfillPart; run: BackfillRun }> {
    const found = await withScope(deps.db, { agencyId: ref.agencyId }, (tx) => findBackfillPart(tx, ref));
    if (!found) throw ApplicationFailure.nonRetryable('there is no such part of a backfill', 'BackfillPartNotFound');
    return found;
  }

  async function walk(ref: BackfillPartRef, address: GhlAddress): Promise<WalkResult> {
    const signal = Context.current().cancellationSignal;
    const untilMs = performance.now() + WALK_MS;
    const asked: ListingCall = {
      ghl: deps.ghl,
      call: { resource: { kind: 'location', ...address }, lane: 'bulk', signal },
      now: deps.now,
      paced: (work) => paced(work, signal),
      findWritten: (ghlIds) =>
        withScope(deps.db, { agencyId: ref.agencyId }, (tx) => findWrittenEmails(tx, ref.locationId, ghlIds)),
    };
    const isTimeUp = (): boolean => signal.aborted || performance.now() >= untilMs;
    for (;;) {
      const { part, run } = await load(ref);
      if (part.state !== 'running') return resultOf('over', part);
      const wish = strongerWish(run.wanted, part.wanted);
      if (wish !== 'run') return resultOf(wish === 'pause' ? 'paused' : 'cancelled', part);
      if (isTimeUp()) return resultOf('more', part);
      const span: Span = { from: run.from_at?.getTime() ?? null, to: run.to_at?.getTime() ?? null };
      const step = part.step as BackfillStep | null;
      if (step !== null && !(await workOn({ ref, asked, part, step, span, isTimeUp }))) continue;
      const next = nextStep(stepsOf(ref.resource, run.names), step);
      if (next === null) return resultOf('walked', part);
      await enter(ref, { from: step, to: next }, span, part);
    }
  }

  async function enter(
    ref: BackfillPartRef,
    steps: { from: string | null; to: BackfillStep },
    span: Span,
    part: BackfillPart,
  ): Promise<void> {
    const { kind } = readStep(steps.to);
    await withScope(deps.db, { agencyId: ref.agencyId }, async (tx) => {
      const toRead = kind === 'names' ? await countContactsToRead(tx, ref.locationId, span) : null;
      const total = kind === 'check' && part.resource !== 'conversation' ? part.listed : toRead;
      await enterStep(tx, ref, { ...steps, total });
    });
  }

  interface Work {
    ref: BackfillPartRef;
    asked: ListingCall;
    part: BackfillPart;
    step: BackfillStep;
    span: Span;
    isTimeUp: () => boolean;
  }

  /** @returns true when the step is done */
  async function workOn(work: Work): Promise<boolean> {
    const { ref, asked, part, step, span } = work;
    const kind = readStep(step);
    const progress = part.progress as { slices?: Slice[]; after?: string | null };
    if (kind.kind === 'names' || kind.kind === 'silent') return workOnSingles(work, progress.after ?? null);
    const { slices } = progress;
    if (slices) return slices.every(({ isDone }) => isDone) || readSlices(work, kind.listing, slices);
    const plan = await planSlices(asked, kind.listing, span);
    await withScope(deps.db, { agencyId: ref.agencyId }, (tx) => storeSlices(tx, ref, { step, ...plan }));
    return false;
  }

  async function workOnSingles({ ref, asked, step, span, isTimeUp }: Work, begin: string | null): Promise<boolean> {
    const place = { agencyId: ref.agencyId, key: ref, step, span };
    const lapSeconds = createStopwatch();
    for (let after = begin; ;) {
      const read = await readSingles(deps, asked, place, after, lapSeconds);
      if (read.after === null) return true;
      if (read.wish !== 'run' || isTimeUp()) return false;
      after = read.after;
    }
  }

  /** Several readers take the slices one after the other; the first that fails or is told to stop stops all. */
  async function readSlices(work: Work, listing: PagePlace['listing'], slices: Slice[]): Promise<false> {
    const { ref, asked, step, isTimeUp } = work;
    const isCheck = readStep(step).kind === 'check';
    const place: PagePlace = { agencyId: ref.agencyId, key: ref, step, listing, isCheck };
    const lapSeconds = createStopwatch();
    const open = [...slices.entries()].filter(([, { isDone }]) => !isDone);
    let wanted: BackfillWish = 'run';
    let hasFailed = false;
    await sideBySide(open, LANES, async ([index, begin]) => {
      let slice = begin;
      try {
        while (!slice.isDone && wanted === 'run' && !hasFailed && !isTimeUp()) {
          const page = await READERS[listing].read(asked, slice);
          const read = { index, slice, page, activeSeconds: lapSeconds() };
          const back: ReadBack = { seen: [], gone: [] };
          const { ids } = await findDoubts(deps, place, read);
          await readBack(asked, listing, ids, back);
          const written = await writePage(deps, place, read, back);
          slice = written.slice;
          if (written.wish !== 'run') wanted = written.wish;
        }
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    });
    return false;
  }

  return mapStoreFailures({ walkBackfill });
}

export type BackfillGhlActivities = ReturnType<typeof createBackfillGhlActivities>;

/** Seconds since it was asked last: however many readers ask, together they tell the time that went by. */
function createStopwatch(): () => number {
  let lastMs = performance.now();
  return () => {
    const seconds = (performance.now() - lastMs) / 1_000;
    lastMs = performance.now();
    return seconds;
  };
}

const resultOf = (outcome: WalkResult['outcome'], part: BackfillPart): WalkResult => ({
  outcome,
  step: part.step,
  done: part.done,
  total: part.total,
  activeSeconds: part.active_seconds,
  listed: part.listed,
});
