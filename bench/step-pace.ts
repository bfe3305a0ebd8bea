/** How far a part of a backfill was at a moment. */
export interface StepSample {
  /** Since the run began. */
  atMs: number;
  step: string | null;
  /** Records of the step. */
  done: number;
}

export interface StepPace {
  step: string;
  seconds: number;
  done: number;
  /** Records a second in each tenth of the step's records; empty where it had too few samples for that. */
  perSecondByTenth: number[];
}

const TENTHS = 10;
/** Fewer would make tenths of what lay between two looks. */
const LEAST_SAMPLES = 3 * TENTHS;

/**
 * How long each step took, and how fast it was in each tenth of its records: a step that gets slower with depth shows.
 * @param samples in the order of time; the last tells the end of the last step
 */
export function paceOfSteps(samples: readonly StepSample[]): StepPace[] {
  const steps = [...new Set(samples.flatMap(({ step }) => step ?? []))];
  return steps.map((step) => {
    const own = samples.filter((sample) => sample.step === step);
    // A step begins where the one before was seen last, at nothing done.
    const before = samples[samples.indexOf(own[0]!) - 1];
    const course = [{ atMs: before?.atMs ?? 0, done: 0 }, ...own];
    const [first, last] = [course[0]!, course.at(-1)!];
    // Nothing is done any more while a step only notices that it is over.
    const end = course.find(({ done }) => done === last.done)!;
    const seconds = (last.atMs - first.atMs) / 1_000;
    // Before the first records a list is only counted and cut.
    const begun = course.slice(course.findLastIndex(({ done }) => done === 0));
    const tenths = own.length < LEAST_SAMPLES ? [] : ratesOf(begun, end.done);
    return { step, seconds, done: last.done, perSecondByTenth: tenths };
  });
}

function ratesOf(course: readonly { atMs: number; done: number }[], total: number): number[] {
  const reachedMs = Array.from({ length: TENTHS + 1 }, (_, tenth) => timeOf(course, (total * tenth) / TENTHS));
  return reachedMs.slice(1).map((toMs, tenth) => total / TENTHS / ((toMs - reachedMs[tenth]!) / 1_000));
}

/** When so many were done, between the two looks on either side of it. */
function timeOf(course: readonly { atMs: number; done: number }[], done: number): number {
  const index = course.findIndex((sample) => sample.done >= done);
  const [to, from] = [course[index]!, course[index - 1]];
  if (!from) return to.atMs;
  return from.atMs + ((to.atMs - from.atMs) * (done - from.done)) / (to.done - from.done);
}
