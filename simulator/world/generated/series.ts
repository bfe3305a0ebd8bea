/** Bounds on a time, in milliseconds since 1970. */
export interface TimeBounds {
  gte?: number | undefined;
  gt?: number | undefined;
  lte?: number | undefined;
  lt?: number | undefined;
}

/** From a number up to, and without, another. */
export type Span = readonly [from: number, to: number];

/** Evenly spaced times, so that what lies between two of them is found by arithmetic and not by looking. */
export interface Series {
  count: number;
  /** The time of a member, in milliseconds since 1970. */
  atMs(index: number): number;
  /** The members whose times keep to the bounds. */
  span(bounds: TimeBounds): Span;
}

/** Makes a series; start and step are whole milliseconds, the step at least one. */
export function createSeries(startMs: number, stepMs: number, count: number): Series {
  const firstAtOrAfter = (ms: number): number => Math.min(count, Math.max(0, Math.ceil((ms - startMs) / stepMs)));
  return {
    count,
    atMs: (index) => startMs + index * stepMs,
    span({ gte = -Infinity, gt = -Infinity, lte = Infinity, lt = Infinity }) {
      const from = Math.max(firstAtOrAfter(gte), firstAtOrAfter(Math.floor(gt) + 1));
      const to = Math.min(firstAtOrAfter(lt), firstAtOrAfter(Math.floor(lte) + 1));
      return [from, Math.max(from, to)];
    },
  };
}

/** Returns what two spans have in common. */
export function intersect(a: Span, b: Span): Span {
  const from = Math.max(a[0], b[0]);
  return [from, Math.max(from, Math.min(a[1], b[1]))];
}

/** Counts a span up, or down when asked for the last first. */
export function* walk([from, to]: Span, sign: number): Generator<number> {
  if (sign > 0) for (let index = from; index < to; index += 1) yield index;
  else for (let index = to - 1; index >= from; index -= 1) yield index;
}
