import { somebody } from '../stack/lead-harness.ts';
import { type ActivityBench, startActivityBench } from '../stack/activity-bench.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { type BenchAgency, createBenchAgency } from './bench-agency.ts';

export interface Neighbours {
  bench: ActivityBench;
  agency: BenchAgency;
  /** Planted by the very same plan, with a lead whose rep has been told. */
  neighbour: BenchAgency;
}

/** A bench with two agencies that differ in nothing but their ids. */
export async function startNeighbours(options?: Parameters<typeof startActivityBench>[0]): Promise<Neighbours> {
  const bench = await startActivityBench(options);
  const plant = async (key: string): Promise<BenchAgency> =>
    createBenchAgency(bench, key, await bench.plant(smallAgency(key)));
  const agency = await plant('one');
  const neighbour = await plant('two');
  await neighbour.told({ ...somebody('02116'), phone: '(617) 555-0100' });
  return { bench, agency, neighbour };
}
