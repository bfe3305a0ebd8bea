import { quantile } from './spread.ts';

/** How memory went in a run. */
export interface Memory {
  /** Medians of two quarters of the run, in MiB. */
  secondQuarter: number;
  lastQuarter: number;
  highest: number;
  /** Null for a run too short to tell: memory is still warming up. */
  isFlat: boolean | null;
}

/** How much more the last quarter may hold than the second: what a collector leaves to chance, and no leak. */
const MOST_GROWTH = 1.15;
/** Two minutes of samples, two a second. */
const LEAST_SAMPLES = 240;

/**
 * Judges whether memory is flat over a run. The first quarter is left out: modules, pools and code that is compiled as
 * it gets hot come in it.
 * @param samplesMiB resident memory at equal distances in time
 */
export function judgeMemory(samplesMiB: readonly number[]): Memory {
  const quarter = (of: number): number[] =>
    samplesMiB.slice(Math.floor((samplesMiB.length * of) / 4), Math.floor((samplesMiB.length * (of + 1)) / 4));
  const [secondQuarter, lastQuarter] = [quantile(quarter(1), 0.5), quantile(quarter(3), 0.5)];
  return {
    secondQuarter,
    lastQuarter,
    highest: Math.max(0, ...samplesMiB),
    isFlat: samplesMiB.length < LEAST_SAMPLES ? null : lastQuarter <= secondQuarter * MOST_GROWTH,
  };
}
