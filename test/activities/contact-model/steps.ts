import { expect } from 'vitest';
import type { Fault } from '../../../simulator/faults.ts';
import { emptyOf, type Field, isTag, valuesOfGhl, valuesOfMirror } from './model-fields.ts';
import {
  changeHere,
  changeThere,
  confirm,
  type GhlRecord,
  isChangeable,
  judge,
  mapFields,
  type Model,
  newPerson,
  newRecord,
  observe,
  pendingOf,
  type Person,
  THEM,
  type Verdict,
  type Want,
  writeThere,
} from './model.ts';
import type { Real } from './real.ts';

/** What else happens while a step of ours is under way: between its read and its writes, or after them. */
export interface Interruption {
  when: 'before-writes' | 'after-writes';
  act(of: Person, writing: ReadonlySet<Field>): Promise<void>;
}

type Fate = 'committed' | 'lost' | 'refused' | 'refused-though-done';

/** The writes of one push, in their order: all fields in one call, tags by their own. */
interface Group {
  method: 'PUT' | 'POST' | 'DELETE';
  changes: [Field, Want][];
}

const groupsOf = (changes: [Field, Want][]): Group[] => {
  const tags = changes.filter(([field]) => isTag(field));
  const groups: Group[] = [
    { method: 'PUT', changes: changes.filter(([field]) => !isTag(field)) },
    { method: 'POST', changes: tags.filter(([, want]) => want.value === true) },
    { method: 'DELETE', changes: tags.filter(([, want]) => want.value === false) },
  ];
  return groups.filter((group) => group.changes.length > 0);
};

/** The person of ours that a record is; one that we have seen and nobody made here gets one. */
export async function personOf(model: Model, real: Real, record: GhlRecord): Promise<Person> {
  const known = model.persons.find((each) => each.record === record && !each.mergedInto);
  if (known) return known;
  const row = await real.find(record.ghlId);
  if (!row) throw new Error('a contact that was read is not in the mirror');
  const person = newPerson(row.id, record.email, record);
  model.persons.push(person);
  return person;
}

/** We have read a record, and have it as a person of ours from then on. */
export async function sees(model: Model, real: Real, record: GhlRecord): Promise<void> {
  const isUnknown = record.seen === undefined;
  observe(record);
  if (isUnknown && record.seen) await personOf(model, real, record);
}

/** Takes over what GHL shows of a record after somebody there has written. */
export async function refresh(real: Real, record: GhlRecord): Promise<void> {
  const shown = (await real.bench.simulator.listContacts(real.ghlLocationId)).find(({ id }) => id === record.ghlId);
  if (shown) changeThere(record, valuesOfGhl(shown), Date.parse(shown.dateUpdated));
  else record.isGone = true;
}

const touchedAt = async (real: Real, record: GhlRecord): Promise<number> => {
  const shown = (await real.bench.simulator.listContacts(real.ghlLocationId)).find(({ id }) => id === record.ghlId);
  return shown ? Date.parse(shown.dateUpdated) : record.touchedAt;
};

/** What will become of the next call of ours. */
async function nextFate(real: Real, call: { method: string; path: string }): Promise<Fate | 'unasked'> {
  const faults = await real.bench.simulator.listFaults();
  const isMet = ({ method, path }: Fault): boolean =>
    (method === undefined || method === call.method) && (path === undefined || new RegExp(path).test(call.path));
  const met = faults.find(isMet);
  if (!met) return 'committed';
  if (met.status === 503) return 'unasked';
  if (met.status === 422) return 'refused';
  return met.createdBut422 ? 'refused-though-done' : 'lost';
}

/** Runs the reading step of a contact's workflow. */
export async function stepRead(model: Model, real: Real, key: string): Promise<void> {
  const ids = real.workflows.toRead(key);
  if (ids.length === 0) return;
  const isRead = (await nextFate(real, { method: 'GET', path: '/contacts/x' })) !== 'unasked';
  expect(await real.workflows.read(key, real)).toBe(isRead ? 'done' : 'again');
  if (!isRead) return;
  for (const record of model.records.filter(({ ghlId }) => ids.includes(ghlId))) await sees(model, real, record);
}

/** Runs the writing step of a contact's workflow. */
export async function stepWrite(model: Model, real: Real, key: string, interruption?: Interruption): Promise<void> {
  const contactId = real.workflows.toWrite(key);
  if (contactId === undefined) return;
  const named = model.persons.find(({ ourId }) => ourId === contactId);
  if (!named) throw new Error('edits of a contact that nobody changed');
  const person = named.mergedInto ?? named;
  const writesBefore = real.gate.writes.length;
  const ownKey = person.record?.ghlId ?? `new:${person.ourId}`;
  if (ownKey !== key || pendingOf(person).length === 0) {
    expect(await real.workflows.write(key, real)).toBe('done');
    expect(real.gate.writes.length).toBe(writesBefore);
    return;
  }
  const bound = person.record
    ? await push(model, real, { key, person, record: person.record }, interruption)
    : await create(model, real, { key, person });
  expect(real.gate.writes.length - writesBefore).toBeLessThanOrEqual(bound);
}

/** Writes what is pending of a contact that GHL has. @returns how many writes that may cost */
async function push(
  model: Model,
  real: Real,
  of: { key: string; person: Person; record: GhlRecord },
  interruption: Interruption | undefined,
): Promise<number> {
  const { key, person, record } = of;
  const pending = pendingOf(person);
  if ((await nextFate(real, { method: 'GET', path: '/contacts/x' })) === 'unasked') {
    expect(await real.workflows.write(key, real)).toBe('again');
    return 0;
  }
  if (record.isGone) {
    expect(await real.workflows.write(key, real)).toBe('done');
    observe(record);
    failAll(pending);
    return 0;
  }
  observe(record);
  const judged = pending.map(([field, want]) => ({ field, want, verdict: judge(model, record, field, want) }));
  const mayBeWritten = new Set(
    judged.filter(({ verdict }) => verdict === 'write' || verdict === 'either').map(({ field }) => field),
  );
  const read = { ...record.values };
  let groups: Group[] | undefined;
  let fates: Fate[] = [];
  let [isBefore, isAfter, hasWritten] = [false, false, false];

  /** Settles what needs no write; where either may be right, what was decided is believed. */
  const settleJudged = async (): Promise<void> => {
    if (groups) return;
    const rows = judged.some(({ verdict }) => verdict === 'either') ? await real.edits() : [];
    const decided = judged.map((each): { field: Field; want: Want; verdict: Verdict } => {
      if (each.verdict !== 'either') return each;
      const row = rows.findLast(({ contact_id: id, field }) => id === person.ourId && field === each.field);
      return { ...each, verdict: row?.state === 'overruled' ? 'theirs' : 'write' };
    });
    for (const { field, want, verdict } of decided)
      settle(person, record, { field, want, verdict, theirs: read[field] });
    groups = groupsOf(decided.filter(({ verdict }) => verdict === 'write').map(({ field, want }) => [field, want]));
  };

  real.gate.beforeEach = async ({ isWrite }) => {
    if (isWrite && !isBefore) {
      isBefore = true;
      await settleJudged();
      if (interruption?.when === 'before-writes') await interruption.act(person, mayBeWritten);
      fates = await fatesOf(real, record, groups!);
    }
    hasWritten ||= isWrite;
    if (isWrite || !hasWritten || isAfter) return;
    isAfter = true;
    await applyWrites(real, record, groups!, fates);
    if (interruption?.when === 'after-writes') await interruption.act(person, mayBeWritten);
  };
  const end = await real.workflows.write(key, real);
  real.gate.beforeEach = undefined;
  await settleJudged();
  if (groups!.length === 0) {
    expect(end).toBe('done');
    return 0;
  }
  if (!isAfter) {
    // It never came to the last read: an answer was lost, or the contact is gone.
    await applyWrites(real, record, groups!, fates);
    expect(end).toBe(record.isGone && end === 'failed' ? 'failed' : 'again');
    if (end === 'failed') failAll(pendingOf(person));
  } else {
    expect(end).toBe('done');
    if (record.isGone) failAll(pending);
    else endWritten(person, record, groups!, fates);
    observe(record);
  }
  return groups!.reduce((sum, { changes, method }) => sum + 1 + (method === 'PUT' ? changes.length : 0), 0);
}

export function failAll(wants: readonly [Field, Want][]): void {
  for (const [, want] of wants) if (want.state === 'pending') want.state = 'failed';
}

function settle(
  person: Person,
  record: GhlRecord,
  of: { field: Field; want: Want; verdict: Verdict; theirs: Want['value'] },
): void {
  const { field, want, verdict, theirs } = of;
  if (verdict === 'write') return;
  if (verdict === 'ask') Object.assign(want, { state: 'held', theirs });
  else if (person.wants.get(field) === want) person.wants.delete(field);
  if (verdict === 'same' && record.values[field] === want.value) confirm(record, field, want);
}

async function fatesOf(real: Real, record: GhlRecord, groups: readonly Group[]): Promise<Fate[]> {
  if (record.isGone) return [];
  const fates: Fate[] = [];
  for (const { method } of groups) {
    const path = method === 'PUT' ? `/contacts/${record.ghlId}` : `/contacts/${record.ghlId}/tags`;
    const fate = await nextFate(real, { method, path });
    if (fate === 'unasked') break;
    fates.push(fate);
    if (fate === 'lost') break;
  }
  return fates;
}

/** GHL has what was committed, whatever it answered. A refusal of several fields together is repeated one by one. */
async function applyWrites(
  real: Real,
  record: GhlRecord,
  groups: readonly Group[],
  fates: readonly Fate[],
): Promise<void> {
  if (record.isGone) return;
  const at = await touchedAt(real, record);
  for (const [index, fate] of fates.entries()) {
    const { method, changes } = groups[index]!;
    const isRepeated = method === 'PUT' && changes.length > 1;
    if (fate !== 'refused' || isRepeated) writeThere(record, changes, at);
  }
}

/** What became of the edits after the last read. */
function endWritten(person: Person, record: GhlRecord, groups: readonly Group[], fates: readonly Fate[]): void {
  for (const [index, { method, changes }] of groups.entries()) {
    for (const [field, want] of changes) {
      const isCurrent = person.wants.get(field) === want;
      const isRefused = fates[index] === 'refused' && !(method === 'PUT' && changes.length > 1);
      if (isRefused && record.values[field] !== want.value) {
        if (isCurrent) want.state = 'failed';
        continue;
      }
      if (isCurrent) person.wants.delete(field);
      if (record.values[field] === want.value) confirm(record, field, want);
    }
  }
}

/** Makes a contact in GHL, or finds it there. */
async function create(model: Model, real: Real, { key, person }: { key: string; person: Person }): Promise<number> {
  const there = model.records.find(({ email, isGone }) => email === person.email && !isGone);
  const isAsked = (await nextFate(real, { method: 'GET', path: '/contacts/search/duplicate' })) !== 'unasked';
  const fate = there || !isAsked ? 'committed' : await nextFate(real, { method: 'POST', path: '/contacts/' });
  const end = await real.workflows.write(key, real);
  if (!isAsked) {
    expect(end).toBe('again');
    return 0;
  }
  if (there) {
    await link(model, real, person, there);
    return 0;
  }
  const pending = pendingOf(person);
  if (fate === 'refused') {
    failAll(pending);
    expect(end).toBe('done');
    return 1;
  }
  if (fate === 'unasked') {
    expect(end).toBe('again');
    return 1;
  }
  expect(end).toBe(fate === 'lost' ? 'again' : 'done');
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
  for (const [field, want] of person.wants) if (!known.wants.has(field)) known.wants.set(field, want);
}

/** A change of ours, here. */
export async function editHere(
  real: Real,
  person: Person,
  change: Parameters<typeof changeHere>[1],
  actor: string,
): Promise<void> {
  if (!isChangeable(person)) return;
  await real.nextMoment();
  const at = await real.change(person.ourId, change, actor);
  changeHere(person, change, { actor, at: at.getTime() });
}

/** The mirror shows of each contact exactly what was last read of it, and none deleted that GHL has. */
export async function expectMirror(model: Model, real: Real): Promise<void> {
  const rows = new Map((await real.contacts()).map((row) => [row.ghl_id, row]));
  for (const record of model.records) {
    const row = rows.get(record.ghlId);
    const { seen } = record;
    expect(row !== undefined, 'a contact is in the mirror once it was seen').toBe(seen !== undefined);
    if (!row || !seen) continue;
    expect(row.deleted_at !== null, 'only what GHL does not have is deleted').toBe(seen.isGone);
    if (!seen.isGone) expect(valuesOfMirror(row.fields as Record<string, unknown>)).toEqual(seen.values);
  }
}

/**
 * A poll has passed: what GHL's lists show may have been seen, and nothing else.
 * @param mustHaveSeen what cannot have been missed
 */
export async function resync(model: Model, real: Real, mustHaveSeen: { there: boolean; gone: boolean }): Promise<void> {
  const rows = new Map((await real.contacts()).map((row) => [row.ghl_id, row]));
  for (const record of model.records) {
    const row = rows.get(record.ghlId);
    const isSeen = record.isGone
      ? row?.deleted_at != null
      : row?.deleted_at === null && row.ghl_updated_at?.getTime() === record.touchedAt;
    const must = record.isGone ? mustHaveSeen.gone : mustHaveSeen.there;
    if (isSeen || must) await sees(model, real, record);
  }
}
