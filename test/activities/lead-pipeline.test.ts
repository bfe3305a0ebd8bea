import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { readShown } from './lead-moves.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const id = ghlIds.pipeline('one', 'back-bay');
const asPlanted = {
  id,
  locationId: ghlIds.location('one', 'back-bay'),
  name: 'Sales',
  stages: [{ id: ghlIds.stage('one', 'back-bay'), name: 'New' }],
};
/** Somebody changes the pipeline in GHL, which no event tells. */
const rearrange = (change: Partial<typeof asPlanted>) =>
  all.bench.simulator.seed({ pipelines: [{ ...asPlanted, ...change }] });

/** What the work asked of GHL, by the paths of opportunities. */
async function callsOf(work: () => Promise<unknown>): Promise<{ lists: number; writes: number; refused: number }> {
  const { simulator } = all.bench;
  await simulator.resetCalls();
  await work();
  const counts = Object.entries((await simulator.getCalls()).counts);
  const sum = (pattern: RegExp): number =>
    counts.filter(([route]) => pattern.test(route)).reduce((total, [, count]) => total + count, 0);
  return {
    lists: sum(/^GET \/opportunities\/pipelines/),
    writes: sum(/^POST \/opportunities\/(upsert)? /),
    refused: sum(/^POST \/opportunities\/.* 4\d\d$/),
  };
}
const tell = async (held: HeldLead): Promise<void> => run(all.bench.ghl.explainLead, held);
const placed = () => all.agency.placed(somebody('02116'));
const stageOf = async (held: HeldLead) => (await readShown(all, held)).opportunities[0]?.pipelineStageId;

describe('the pipelines of a location', () => {
  it('are read for its first lead and not for the second, and a neighbour’s are its own', async () => {
    const [first, second] = [await placed(), await placed()];
    // The neighbour's were read for its lead, and say nothing of these.
    expect(await callsOf(() => tell(first))).toEqual({ lists: 1, writes: 1, refused: 0 });
    expect(await callsOf(() => tell(second))).toEqual({ lists: 0, writes: 1, refused: 0 });
    expect(await stageOf(second)).toBe(ghlIds.stage('one', 'back-bay'));
    const theirs = await all.neighbour.placed(somebody('02116'));
    expect(await callsOf(() => tell(theirs))).toEqual({ lists: 0, writes: 1, refused: 0 });
  });

  it('are read again when GHL refuses the stage that is remembered: the lead starts in the first', async () => {
    await tell(await placed());
    await rearrange({ stages: [{ id: 'reordered', name: 'Fresh' }] });
    const [next, later] = [await placed(), await placed()];
    expect(await callsOf(() => tell(next))).toEqual({ lists: 1, writes: 2, refused: 1 });
    expect(await stageOf(next)).toBe('reordered');
    // Known by now, and asked once more in case that the stage is back.
    expect(await callsOf(() => tell(later))).toEqual({ lists: 1, writes: 1, refused: 0 });
    await rearrange({});
    const last = await placed();
    await tell(last);
    expect(await stageOf(last)).toBe(ghlIds.stage('one', 'back-bay'));
  });

  it('are said to be gone when GHL does not have them, and used when they are back', async () => {
    await tell(await placed());
    await rearrange({ locationId: ghlIds.location('one', 'cambridge') });
    const held = await placed();
    for (const _attempt of [1, 2]) {
      expect(await failureOf(tell(held))).toMatchObject({ type: 'PipelineGone', nonRetryable: true });
    }
    expect((await readShown(all, held)).notes).toHaveLength(1);
    await rearrange({});
    await tell(held);
    expect(await stageOf(held)).toBe(ghlIds.stage('one', 'back-bay'));
  });

  it('are not suspected when GHL refuses something else', async () => {
    const held = await placed();
    await all.bench.simulator.addFault({ path: '/opportunities/upsert', status: 400, times: 1 });
    expect(await failureOf(tell(held))).toMatchObject({ type: 'GhlInvalid', nonRetryable: true });
  });
});
