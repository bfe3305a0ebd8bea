import fc from 'fast-check';
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'vitest';
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../../domain/contact-conflict.ts';
import type { FaultInput } from '../../../simulator/faults.ts';
import { anyChange, type Change, emptyOf, type Field, othersOf, typedInGhl, valuesOfGhl } from './model-fields.ts';
import {
  type GhlRecord,
  isChangeable,
  mapFields,
  mergedValues,
  type Model,
  newPerson,
  newRecord,
  observe,
  pendingOf,
  type Person,
  revive,
  THEM,
} from './model.ts';
import type { Real } from './real.ts';
import { editHere, expectMirror, failAll, type Interruption, refresh, resync, stepRead, stepWrite } from './steps.ts';

type Command = fc.AsyncCommand<Model, Real>;
const pick = <T>(from: readonly T[], index: number): T | undefined => from[index % from.length];

/** A command with the question that follows every one: does the mirror show what was seen, and no more? */
function command(
  title: string,
  may: (model: Model) => boolean,
  act: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: (model) => may(model),
    toString: () => title,
    async run(model, real) {
      await act(model, real);
      await expectMirror(model, real);
    },
  };
}

const here = (model: Model): Person[] => model.persons.filter(isChangeable);
const there = (model: Model): GhlRecord[] => model.records.filter(({ isGone }) => !isGone);
const isThere = ({ record }: Person): boolean => record?.isGone === false;
/** Mostly the same few, for what meets is what matters. */
const index = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4);
const anyActor = fc.constantFrom('api-key:1', 'api-key:2');

export const editOurs = fc.record({ at: index, change: anyChange, actor: anyActor }).map(({ at, change, actor }) =>
  command(
    `ours ${at} ${change.field}=${String(change.value)} by ${actor}`,
    (model) => here(model).length > 0,
    (model, real) => editHere(real, pick(here(model), at)!, change, actor),
  ),
);

async function typeThere(real: Real, record: GhlRecord, change: Change): Promise<void> {
  await real.nextMoment();
  const shown = (await real.bench.simulator.listContacts(real.ghlLocationId)).find(({ id }) => id === record.ghlId);
  if (shown) await real.bench.simulator.updateContact(record.ghlId, typedInGhl(change, shown.tags));
  await refresh(real, record);
}

export const editTheirs = fc.record({ at: index, change: anyChange }).map(({ at, change }) =>
  command(
    `theirs ${at} ${change.field}=${String(change.value)}`,
    (model) => there(model).length > 0,
    (model, real) => typeThere(real, pick(there(model), at)!, change),
  ),
);

/** Both sides change the same field, neither knowing of the other, and perhaps something else of the contact changes too. */
export const clash = fc
  .record({
    at: index,
    ours: anyChange,
    theirs: fc.nat(2),
    order: fc.constantFrom('ours' as const, 'theirs' as const),
    beside: fc.option(anyChange, { nil: undefined }),
    actor: anyActor,
  })
  .map(({ at, ours, theirs: other, order, beside, actor }) => {
    const theirs = { field: ours.field, value: pick(othersOf(ours), other)! };
    return command(
      `both ${at} ${ours.field}: ours ${String(ours.value)} by ${actor}, theirs ${String(theirs.value)}, ${order} first` +
        (beside ? `, then theirs ${beside.field}=${String(beside.value)}` : ''),
      (model) => here(model).some(isThere),
      async (model, real) => {
        const person = pick(here(model).filter(isThere), at)!;
        if (order === 'ours') await editHere(real, person, ours, actor);
        await typeThere(real, person.record!, theirs);
        if (order === 'theirs') await editHere(real, person, ours, actor);
        if (beside) await typeThere(real, person.record!, beside);
      },
    );
  });

export const deleteThere = index.map((at) =>
  command(
    `theirs ${at} deleted`,
    (model) => there(model).length > 0,
    async (model, real) => {
      const record = pick(there(model), at)!;
      await real.bench.simulator.deleteContact(record.ghlId);
      record.isGone = true;
    },
  ),
);

export const mergeThere = fc.tuple(index, index).map(([first, second]) =>
  command(
    `theirs ${first} and ${second} merged`,
    (model) => there(model).length > 1,
    async (model, real) => {
      const survivor = pick(there(model), first)!;
      const loser = pick(
        there(model).filter((each) => each !== survivor),
        second,
      )!;
      await real.nextMoment();
      await real.bench.simulator.mergeContacts({ survivorId: survivor.ghlId, loserId: loser.ghlId });
      loser.isGone = true;
      await refresh(real, survivor);
    },
  ),
);

/** An operator's merge, which loses answers and goes on. */
export const mergeHere = fc.tuple(index, index).map(([first, second]) =>
  command(
    `ours ${first} and ${second} merged`,
    (model) => !model.isAway && here(model).filter(({ record }) => record).length > 1,
    async (model, real) => {
      const inGhl = here(model).filter(({ record }) => record);
      const survivor = pick(inGhl, first)!;
      const loser = pick(
        inGhl.filter((each) => each !== survivor),
        second,
      )!;
      const [kept, gone] = [survivor.record!, loser.record!];
      // A refusal would end it half way, for an operator to go on.
      if (
        (await real.bench.simulator.listFaults()).some(({ status, createdBut422 }) => status === 422 || createdBut422)
      )
        return;
      await real.nextMoment();
      const outcome = await real.merge(survivor.ourId, loser.ourId);
      if (survivor.wants.size > 0 || loser.wants.size > 0) return expect(outcome).toBe('changes-unsettled');
      if (gone.isGone) return expect(outcome).toBe('loser-gone');
      if (kept.isGone) return expect(outcome).toBe('survivor-gone');
      expect(outcome).toBe('merged');
      const wanted = mergedValues(kept.values, gone.values);
      const by = mapFields((field) => new Set([...kept.author[field], ...gone.author[field], THEM]));
      await refresh(real, kept);
      expect(kept.values).toEqual(wanted);
      kept.author = by;
      gone.isGone = true;
      observe(gone);
      observe(kept);
      loser.mergedInto = survivor;
    },
  ),
);

const anyValues = fc.array(anyChange, { maxLength: 3 });
const emailOf = (model: Model): string => `person-${(model.people += 1)}@x.test`;

export const createOurs = fc.record({ changes: anyValues, actor: anyActor }).map(({ changes, actor }) =>
  command(
    `ours new ${changes.map(({ field, value }) => `${field}=${String(value)}`).join(' ')}`,
    ({ persons }) => persons.length < 6,
    async (model, real) => {
      const email = emailOf(model);
      await real.nextMoment();
      const last = [...new Map(changes.map((each) => [each.field as Field, each.value]))];
      const wanted = last
        .map(([field, value]): Change => ({ field, value }))
        .filter(({ field, value }) => value !== emptyOf(field));
      const { id, at } = await real.make(email, wanted, actor);
      const person = newPerson(id, email);
      for (const { field, value } of [{ field: 'email' as const, value: email }, ...wanted]) {
        const want = { value, base: emptyOf(field), mayReplace: new Set<never>(), madeAt: at.getTime(), actor };
        person.wants.set(field, { ...want, state: 'pending' });
        person.taken += 1;
      }
      model.persons.push(person);
    },
  ),
);

/** Somebody makes a contact in GHL: a new one, or one that was made here and is not there yet. */
export const createTheirs = fc
  .record({ changes: anyValues, isKnown: fc.boolean(), at: index })
  .map(({ changes, isKnown, at }) =>
    command(
      `theirs new ${isKnown ? `of ours ${at} ` : ''}${changes.map(({ field, value }) => `${field}=${String(value)}`).join(' ')}`,
      ({ records }) => records.length < 6,
      async (model, real) => {
        const isThere = (email: string): boolean => there(model).some((each) => each.email === email);
        const awaited = model.persons.filter(
          ({ record, mergedInto, email }) => !record && !mergedInto && !isThere(email),
        );
        const email = (isKnown && pick(awaited, at)?.email) || emailOf(model);
        await real.nextMoment();
        const shown = await real.createThere(email, changes);
        const of = {
          ghlId: shown.id,
          email,
          values: valuesOfGhl(shown),
          at: Date.parse(shown.dateUpdated),
          by: [THEM],
        };
        model.records.push(newRecord(of));
      },
    ),
  );

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
          path: ON[method as keyof typeof ON],
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
  if (keep === 'ghl') person.wants.delete(field);
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

export const passTime = fc.constantFrom(1_000, 60_000).map((ms) =>
  command(
    `${ms / 1_000} s pass`,
    () => true,
    (_model, real) => real.passTime(ms),
  ),
);

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

async function giveUpWriting(model: Model, real: Real, key: string): Promise<void> {
  if (!real.workflows.waiting().includes(key)) return;
  const id = real.workflows.toWrite(key);
  await real.workflows.giveUp(key);
  const named = model.persons.find(({ ourId }) => ourId === id)!;
  failAll(pendingOf(named.mergedInto ?? named));
}

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
