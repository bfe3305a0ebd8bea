import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { CONFLICT_POLICIES } from '../../domain/contact-conflict.ts';
import { clash, deleteThere, editOurs, editTheirs, mergeHere, mergeThere } from './contact-model/changes.ts';
import { createBoth, createOurs, createTheirs } from './contact-model/creations.ts';
import { begin, drain, expectEnd } from './contact-model/finish.ts';
import { createModel } from './contact-model/model.ts';
import { type Real, startReal } from './contact-model/real.ts';
import { deliver, drop, passTime, pollOnce, step } from './contact-model/telling.ts';
import { answer, breakNext, changePolicy, giveUp, goAway, loseAndGiveUp, redrive } from './contact-model/trouble.ts';

/** A soak: `PROPERTY_RUNS=2000 PROPERTY_SEED=… npx vitest run test/activities/contact-model.test.ts`. */
const runs = Number(process.env['PROPERTY_RUNS'] ?? 8);
/** The suite tries the same few each time, so that it says the same of the same code; a soak tries others each time. */
const seed = process.env['PROPERTY_SEED'] ?? (process.env['PROPERTY_RUNS'] === undefined ? '20261121' : undefined);
const path = process.env['PROPERTY_PATH'];
const replayPath = process.env['PROPERTY_REPLAY'];
/** A soak that stops at once says sooner which seed and path to look at. */
const endOnFailure = process.env['PROPERTY_SHRINK'] === 'no';

let real: Real;
beforeAll(async () => {
  real = await startReal();
});
afterAll(() => real.stop());

/** What happens often stands here more than once. */
const anyCommand = [
  ...[clash, clash, clash, clash, editOurs, editOurs, editOurs, editTheirs, editTheirs],
  ...[step, step, step, step, step, step, deliver, deliver, drop, pollOnce],
  ...[createOurs, createTheirs, breakNext, breakNext, goAway, changePolicy, changePolicy],
  ...[loseAndGiveUp, createBoth, createBoth, answer, passTime, giveUp, redrive, deleteThere, mergeThere, mergeHere],
];

describe('contacts, whatever is done to them on both sides and in whatever order it is told', () => {
  it(
    'end alike here and in GHL, as the conflict policy says',
    async () => {
      const policy = fc.option(fc.constantFrom(...CONFLICT_POLICIES));
      const policies = fc.record({ '*': policy, city: policy, tags: policy });
      const beginning = fc.record({ listsLag: fc.boolean(), policies });
      const ending = fc.record({
        isDelivered: fc.boolean(),
        isMended: fc.boolean(),
        keep: fc.constantFrom('ours' as const, 'ghl' as const),
      });
      const all = fc.noBias(
        fc.commands(anyCommand, { maxCommands: 40, size: 'max', ...(replayPath && { replayPath }) }),
      );
      const property = fc.asyncProperty(all, beginning, ending, async (wanted, { listsLag, policies }, end) => {
        await real.clear(listsLag);
        const model = createModel(listsLag);
        await begin(model, real, policies);
        await fc.asyncModelRun(() => ({ model, real }), wanted);
        await drain(model, real, end);
        await expectEnd(model, real);
      });
      await fc.assert(property, {
        numRuns: runs,
        endOnFailure,
        ...(seed && { seed: Number(seed) }),
        ...(path && { path }),
      });
    },
    Math.max(120_000, runs * 20_000),
  );
});
