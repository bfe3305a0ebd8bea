import { expect } from 'vitest';
import { emptyOf, isTag, valuesOfGhl } from './model-fields.ts';
import {
  type GhlRecord,
  mapFields,
  type Model,
  newRecord,
  observe,
  pendingOf,
  type Person,
  THEM,
  writeThere,
} from './model.ts';
import { failAll } from './push.ts';
import type { Real } from './real.ts';
import { nextFate } from './sight.ts';

/** Whom GHL might have made, or had made before somebody deleted them: they are not made again before its search must know. */
const inDoubt = new WeakSet<Person>();
const SEARCH_SETTLES_MS = 10_000;

/** Makes a contact in GHL, or finds it there. */
export async function create(
  model: Model,
  real: Real,
  { key, person }: { key: string; person: Person },
): Promise<number> {
  const there = model.records.find(({ email, isGone }) => email === person.email && !isGone);
  const isAsked = (await nextFate(real, { method: 'GET', path: '/contacts/search/duplicate' })) !== 'unasked';
  const fate = there || !isAsked ? 'committed' : await nextFate(real, { method: 'POST', path: '/contacts/' });
  if (!there && isAsked && inDoubt.delete(person)) await real.passTime(SEARCH_SETTLES_MS);
  const outcome = await real.workflows.write(key, real);
  if (!there && (fate === 'unasked' || fate === 'refused' || fate === 'lost')) inDoubt.add(person);
  if (!isAsked) {
    expect(outcome).toBe('again');
    return 0;
  }
  if (there) {
    await link(model, real, person, there);
    return 0;
  }
  const pending = pendingOf(person);
  findsGone(model, person);
  if (fate === 'refused') {
    // Refused or not, it may be there: it is looked for once more.
    findsGone(model, person);
    failAll(pending);
    expect(outcome).toBe('done');
    return 1;
  }
  if (fate === 'unasked') {
    expect(outcome).toBe('again');
    return 1;
  }
  expect(outcome).toBe(fate === 'lost' ? 'again' : 'done');
  const made = (await real.bench.simulator.listContacts(real.ghlLocationId)).filter(
    ({ email }) => email === person.email,
  );
  expect(made).toHaveLength(1);
  const at = Date.parse(made[0]!.dateUpdated);
  const record = newRecord({ ghlId: made[0]!.id, email: person.email, values: mapFields(emptyOf), at, by: [THEM] });
  writeThere(
    record,
    pending.filter(([field, want]) => !isTag(field) && want.value !== null),
    at,
  );
  expect(record.values).toEqual(valuesOfGhl(made[0]!));
  model.records.push(record);
  if (fate !== 'lost') await link(model, real, person, record);
  return 1;
}

/** Whom the mirror has by that e-mail is read, one at each look, and found to be gone. */
function findsGone(model: Model, { email }: Person): void {
  const known = model.persons.filter(
    ({ record, mergedInto }) => !mergedInto && record?.email === email && record.seen?.isGone === false,
  );
  const [first] = known.sort((a, b) => (a.ourId < b.ourId ? -1 : 1));
  if (first?.record?.isGone) observe(first.record);
}

/** A person of ours is this contact of GHL from now on; where we had that one already, it is that one. */
async function link(model: Model, real: Real, person: Person, record: GhlRecord): Promise<void> {
  const known = model.persons.find((each) => each.record === record && !each.mergedInto);
  observe(record);
  if (!known) {
    person.record = record;
    expect((await real.find(record.ghlId))?.id).toBe(person.ourId);
    return;
  }
  person.mergedInto = known;
  for (const [field, want] of person.wants) {
    if (known.wants.has(field)) known.ends.superseded += 1;
    else known.wants.set(field, want);
  }
}
