import fc from 'fast-check';
import { anyActor, command, index, pick, typeThere } from './command.ts';
import { anyChange, othersOf } from './model-fields.ts';
import type { Real } from './real.ts';
import type { Interruption } from './push.ts';
import { editHere, resync } from './sight.ts';
import { stepRead, stepWrite } from './steps.ts';
import { expect } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';

export const deliver = fc.record({ at: index, times: fc.constantFrom(1, 1, 2) }).map(({ at, times }) =>
  command(
    `webhook ${at} delivered${times === 2 ? ' twice' : ''}`,
    () => true,
    async (_model, real) => {
      const waiting = await real.webhooks();
      if (waiting.length === 0) return;
      const [webhook] = waiting.splice(at % waiting.length, 1);
      for (let time = 0; time < times; time += 1) await real.deliver(webhook!);
    },
  ),
);

export const drop = index.map((at) =>
  command(
    `webhook ${at} lost`,
    () => true,
    async (_model, real) => {
      const waiting = await real.webhooks();
      if (waiting.length > 0) waiting.splice(at % waiting.length, 1);
    },
  ),
);

const interruption = fc.option(
  fc.record({
    when: fc.constantFrom('before-writes' as const, 'after-writes' as const),
    who: fc.constantFrom('ours' as const, 'theirs' as const, 'theirs' as const, 'deleted' as const),
    change: anyChange,
    /** Not that field, but one that is being written: to another value. */
    isSame: fc.boolean(),
    actor: anyActor,
  }),
  { nil: undefined },
);

type During = NonNullable<typeof interruption extends fc.Arbitrary<infer T> ? T : never>;

export const step = fc
  .record({ at: index, order: fc.constantFrom('read', 'write'), during: interruption })
  .map(({ at, order, during }) =>
    command(
      `step of ${at}, ${order} first${during ? `, ${during.when} ${during.who} ${tellChange(during)}` : ''}`,
      () => true,
      async (model, real) => {
        await real.handOver();
        const key = pick(real.workflows.busy(), at);
        if (key === undefined) return;
        if (order === 'read') await stepRead(model, real, key);
        await stepWrite(model, real, key, during && interruptBy(real, during));
        if (order === 'write') await stepRead(model, real, key);
      },
    ),
  );

const tellChange = ({ isSame, change }: During): string =>
  isSame ? 'the same' : `${change.field}=${String(change.value)}`;

function interruptBy(real: Real, { when, who, change: other, isSame, actor }: During): Interruption {
  return {
    when,
    async act(person, writing) {
      const record = person.record!;
      const [field] = writing;
      const change = isSame && field ? { field, value: othersOf({ field, value: record.values[field] })[0]! } : other;
      if (who === 'ours') return editHere(real, person, change, actor);
      if (who === 'deleted') {
        await real.bench.simulator.deleteContact(record.ghlId);
        record.isGone = true;
        return;
      }
      // Between our read and our write of the same field nobody can see it.
      if (when === 'before-writes' && writing.has(change.field)) return;
      await typeThere(real, record, change);
      await real.nextMoment();
    },
  };
}

/** @returns whether it went through from its beginning to its end */
export async function poll(real: Real, kind: 'delta' | 'sweep'): Promise<boolean> {
  const isFresh = (await real.polls.pass('contact', kind)).started_at === null;
  try {
    await real.polls.round('contact', kind);
    return isFresh;
  } catch (error) {
    if (error instanceof ApplicationFailure && !error.nonRetryable) return false;
    throw error;
  }
}

export const pollOnce = fc.constantFrom('delta' as const, 'sweep' as const).map((kind) =>
  command(
    `${kind} poll`,
    () => true,
    async (model, real) => {
      const before = real.gate.writes.length;
      const isSure = (await poll(real, kind)) && !model.listsLag;
      await resync(model, real, { there: isSure, gone: isSure && kind === 'sweep' });
      expect(real.gate.writes.length).toBe(before);
    },
  ),
);

export const passTime = fc.constantFrom(1_000, 60_000).map((ms) =>
  command(
    `${ms / 1_000} s pass`,
    () => true,
    (_model, real) => real.passTime(ms),
  ),
);
