import type { BackfillPartState, BackfillResource, BackfillWish, NamesWanted } from './backfill.ts';
import { paceOf, type PartFigures, progressOf, stateOf } from './backfill-standing.ts';

/** A run as it is stored. */
interface BackfillRun {
  id: string;
  location_id: string | null;
  root_id: string | null;
  resources: string[];
  from_at: Date | null;
  to_at: Date | null;
  names: NamesWanted;
  wanted: BackfillWish;
  created_at: Date;
  ended_at: Date | null;
}

/** A part as it is stored. */
interface BackfillPart {
  location_id: string;
  resource: BackfillResource;
  state: BackfillPartState;
  wanted: BackfillWish;
  step: string | null;
  done: number;
  total: number | null;
  active_seconds: number;
  listed: number;
  written: number;
  missing: number;
  different: number;
  deleted: number;
  left_to_poll: number;
  checked: number;
  stored: number | null;
  cause: string | null;
  started_at: Date | null;
  ended_at: Date | null;
}

const figuresOf = (part: BackfillPart): PartFigures => ({
  state: part.state,
  wanted: part.wanted,
  done: part.done,
  total: part.total,
  activeSeconds: part.active_seconds,
  listed: part.listed,
});

/** A run as people and programs are shown it. */
export function viewBackfillRun(run: BackfillRun, parts: readonly BackfillPart[]) {
  const figures = parts.map(figuresOf);
  return {
    id: run.id,
    state: stateOf({ wanted: run.wanted, endedAt: run.ended_at }, figures),
    locationId: run.location_id ?? run.root_id,
    resources: run.resources,
    from: run.from_at,
    to: run.to_at,
    names: run.names,
    createdAt: run.created_at,
    endedAt: run.ended_at,
    progress: progressOf(figures),
    report: reportOf(parts),
  };
}

/** One location and resource of a run, with what its second reading proved. */
export const viewBackfillPart = (part: BackfillPart) => ({
  locationId: part.location_id,
  resource: part.resource,
  state: part.wanted === 'pause' && part.state === 'running' ? ('paused' as const) : part.state,
  step: part.step,
  done: part.done,
  total: part.total,
  ...paceOf(figuresOf(part)),
  listed: part.listed,
  written: part.written,
  cause: part.cause,
  startedAt: part.started_at,
  endedAt: part.ended_at,
  report: reportOf([part]),
});

/** What the parts that were read to the end proved together; null before one was. */
function reportOf(parts: readonly BackfillPart[]) {
  const checked = parts.filter(({ stored }) => stored !== null);
  if (checked.length === 0) return null;
  const sum = (of: (part: BackfillPart) => number): number => checked.reduce((all, part) => all + of(part), 0);
  return {
    listed: sum((part) => part.checked),
    stored: sum((part) => part.stored!),
    missing: sum((part) => part.missing),
    different: sum((part) => part.different),
    deleted: sum((part) => part.deleted),
    leftToPoll: sum((part) => part.left_to_poll),
  };
}
