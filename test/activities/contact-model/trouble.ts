import fc from 'fast-check';
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../../domain/contact-conflict.ts';
import type { FaultInput } from '../../../simulator/faults.ts';
import { expect } from 'vitest';
import { anyActor, command, here, index, isThere, pick } from './command.ts';
import { anyChange, type Field, othersOf } from './model-fields.ts';
import { end, type Model, pendingOf, type Person, revive } from './model.ts';
import type { Real } from './real.ts';
import { failAll } from './push.ts';
import { editHere } from './sight.ts';
import { stepWrite } from './steps.ts';

const ON = { PUT: '^/contacts/[^/]+$', POST: '^/contacts/($|[^/]+/tags$)', DELETE: '/tags$' };

const EFFECTS: Record<string, FaultInput> = {
  'is taken and not answered': { cutAfterCommit: true },
  'is taken and answered by 500': { failAfterCommit: true },
  'is taken and answered by 422': { createdBut422: true },
  'is refused': { status: 422 },
  'is not asked': { status: 503 },
};

export const breakNext = fc
  .record({ method: fc.constantFrom('PUT', 'PUT', 'POST', 'DELETE'), effect: fc.constantFrom(...Object.keys(EFFECTS)) })
  .map(({ method, effect }) =>
    command(
      `the next ${method} ${effect}`,
      ({ isAway }) => !isAway,
      async (_model, real) => {
        if ((await real.bench.simulator.listFaults()).length > 0) return;
        await real.bench.simulator.addFault({
          ...EFFECTS[effect],
          times: 1,
          method,
          path: ON[method],
        });
      },
    ),
  );

export const goAway = fc.boolean().map((isAway) =>
  command(
    isAway ? 'GHL is away' : 'GHL is back',
    (model) => model.isAway !== isAway,
    async (model, real) => {
      model.isAway = isAway;
      await real.bench.simulator.clearFaults();
      if (isAway) await real.bench.simulator.addFault({ status: 503 });
    },
  ),
);

export async function setPolicy(model: Model, real: Real, field: string, policy: ConflictPolicy | null): Promise<void> {
  await real.setPolicy(field, policy);
  if (policy) model.policies.set(field, policy);
  else model.policies.delete(field);
}

export const changePolicy = fc
  .record({
    field: fc.constantFrom('*', 'city', 'firstName', 'custom:cf-size', 'tags'),
    policy: fc.constantFrom(...CONFLICT_POLICIES, ...CONFLICT_POLICIES, null),
  })
  .map(({ field, policy }: { field: string; policy: ConflictPolicy | null }) =>
    command(
      `policy of ${field} is ${policy ?? 'the usual'}`,
      () => true,
      (model, real) => setPolicy(model, real, field, policy),
    ),
  );

export const heldOf = (model: Model): { person: Person; field: Field }[] =>
  model.persons
    .filter(({ mergedInto }) => !mergedInto)
    .flatMap((person) =>
      [...person.wants].flatMap(([field, { state }]) => (state === 'held' ? [{ person, field }] : [])),
    );

export async function answerHeld(model: Model, real: Real, at: number, keep: 'ours' | 'ghl'): Promise<void> {
  const { person, field } = pick(heldOf(model), at)!;
  expect(await real.answer(person.ourId, field, keep)).toBe('resolved');
  const want = person.wants.get(field)!;
  if (keep === 'ghl') end(person, field, want, 'overruled');
  else {
    want.state = 'pending';
    want.mayReplace.add(want.theirs!);
  }
}

export const answer = fc
  .record({ at: index, keep: fc.constantFrom('ours' as const, 'ghl' as const) })
  .map(({ at, keep }) =>
    command(
      `operator keeps ${keep} of ${at}`,
      (model) => heldOf(model).length > 0,
      (model, real) => answerHeld(model, real, at, keep),
    ),
  );

async function giveUpWriting(model: Model, real: Real, key: string): Promise<void> {
  if (!real.workflows.waiting().includes(key)) return;
  const id = real.workflows.toWrite(key);
  await real.workflows.giveUp(key);
  const named = model.persons.find(({ ourId }) => ourId === id)!;
  failAll(pendingOf(named.mergedInto ?? named));
}

export const giveUp = index.map((at) =>
  command(
    `the writing of ${at} is given up`,
    () => true,
    async (model, real) => {
      const key = pick(real.workflows.waiting(), at);
      if (key !== undefined) await giveUpWriting(model, real, key);
    },
  ),
);

/** An answer is lost, and nobody comes back to it before it is given up; something else may be wanted meanwhile. */
export const loseAndGiveUp = fc
  .record({ at: index, first: anyChange, isReplaced: fc.boolean(), actor: anyActor })
  .map(({ at, first, isReplaced, actor }) =>
    command(
      `ours ${at} ${first.field}=${String(first.value)} lost` + `${isReplaced ? ', another wanted' : ''} and given up`,
      (model) => !model.isAway && here(model).some(isThere),
      async (model, real) => {
        const person = pick(here(model).filter(isThere), at)!;
        await editHere(real, person, first, actor);
        await real.handOver();
        const key = person.record!.ghlId;
        if (!real.workflows.busy().includes(key)) return;
        await real.bench.simulator.clearFaults();
        for (const method of ['PUT', 'POST', 'DELETE'] as const) {
          await real.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method, path: ON[method] });
        }
        await stepWrite(model, real, key);
        await real.bench.simulator.clearFaults();
        if (isReplaced) await editHere(real, person, { field: first.field, value: othersOf(first)[0]! }, actor);
        await giveUpWriting(model, real, key);
      },
    ),
  );

export const failedOf = (model: Model): Person[] =>
  here(model).filter(({ wants }) => [...wants.values()].some(({ state }) => state === 'failed'));

export const redrive = index.map((at) =>
  command(
    `ours ${at} redriven`,
    (model) => failedOf(model).length > 0,
    async (model, real) => {
      const person = pick(failedOf(model), at)!;
      await real.redrive(person.ourId);
      revive(person, ['failed']);
    },
  ),
);
