import type { BackfillPartState, BackfillWish } from './backfill.ts';

/** How far the part of one location and resource is. */
export interface PartFigures {
  state: BackfillPartState;
  wanted: BackfillWish;
  /** Of its present step, in records; `total` is null where GHL does not tell it. */
  done: number;
  total: number | null;
  activeSeconds: number;
  listed: number;
}

export type RunState = 'running' | 'paused' | 'cancelling' | 'done' | 'failed' | 'cancelled';

export interface Pace {
  ratePerSecond: number | null;
  /** Of the present step; null where it cannot be told. */
  secondsLeft: number | null;
}

/** How fast the present step of a part goes; pauses and outages count where a read was under way. */
export function paceOf({ state, done, total, activeSeconds }: PartFigures): Pace {
  if (state !== 'running' || activeSeconds <= 0 || done === 0) return { ratePerSecond: null, secondsLeft: null };
  const ratePerSecond = done / activeSeconds;
  const secondsLeft = total === null ? null : Math.max(0, total - done) / ratePerSecond;
  return { ratePerSecond: round(ratePerSecond), secondsLeft: secondsLeft === null ? null : Math.ceil(secondsLeft) };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** How a run stands, told by its parts. */
export function stateOf(run: { wanted: BackfillWish; endedAt: Date | null }, parts: readonly PartFigures[]): RunState {
  if (run.endedAt === null) {
    return ({ run: 'running', pause: 'paused', cancel: 'cancelling' } as const)[run.wanted];
  }
  if (parts.some(({ state }) => state === 'failed')) return 'failed';
  return parts.some(({ state }) => state === 'cancelled') ? 'cancelled' : 'done';
}

export interface RunProgress extends Pace {
  parts: { total: number; ended: number };
  /** Records that GHL has listed so far. */
  listed: number;
  /** Of the steps that run now. */
  done: number;
  total: number | null;
}

/** The parts of a run taken together. The time left is that of the steps that run now. */
export function progressOf(parts: readonly PartFigures[]): RunProgress {
  const running = parts.filter(({ state }) => state === 'running');
  const paces = running.map(paceOf);
  const rates = paces.flatMap(({ ratePerSecond }) => (ratePerSecond === null ? [] : [ratePerSecond]));
  const left = paces.flatMap(({ secondsLeft }) => (secondsLeft === null ? [] : [secondsLeft]));
  const sum = (of: (part: PartFigures) => number): number => running.reduce((all, part) => all + of(part), 0);
  return {
    parts: { total: parts.length, ended: parts.filter(({ state }) => !['waiting', 'running'].includes(state)).length },
    listed: parts.reduce((all, part) => all + part.listed, 0),
    done: sum(({ done }) => done),
    total: running.length === 0 || running.some(({ total }) => total === null) ? null : sum(({ total }) => total!),
    ratePerSecond: rates.length === 0 ? null : round(rates.reduce((all, rate) => all + rate, 0)),
    secondsLeft: left.length === 0 ? null : Math.max(...left),
  };
}
