import type { ConflictPolicy } from '../../../domain/contact-conflict.ts';
import { type Change, emptyOf, type Field, FIELDS, isTag, type Value, type Values, valuesBy } from './model-fields.ts';

/** Somebody in GHL. */
export const THEM = 'ghl';
/** Beside one of us: that it was us no answer has told. */
const UNCONFIRMED = '?';

/** A contact in GHL, and what we have last seen of it. */
export interface GhlRecord {
  ghlId: string;
  email: string;
  isGone: boolean;
  values: Values;
  /** GHL's one time of change, and the true ones of each field, in milliseconds. */
  touchedAt: number;
  changedAt: Record<Field, number>;
  /** Who may be said to have set each value: several where two did, or where no answer told whether we had. */
  author: Record<Field, Set<string>>;
  seen: Seen | undefined;
}

interface Seen {
  isGone: boolean;
  values: Values;
  author: Record<Field, Set<string>>;
  /** Since when at the latest each value stands, by what we saw: never earlier than it truly does. */
  knownSince: Partial<Record<Field, number>>;
}

/** One change of ours on its way. */
export interface Want {
  value: Value;
  /** What was shown when it was made. */
  base: Value;
  /** What ours before it may have put there, and what an operator has said it may replace. */
  mayReplace: Set<Value>;
  madeAt: number;
  actor: string;
  state: 'pending' | 'held' | 'failed';
  /** What GHL showed when it was held. */
  theirs?: Value;
}

/** A contact as we have it: changed by us, perhaps not in GHL yet. */
export interface Person {
  ourId: string;
  email: string;
  record: GhlRecord | undefined;
  mergedInto: Person | undefined;
  wants: Map<Field, Want>;
  /** What became of the changes that are over. */
  ends: Ends;
}

/** How many changes ended how: each has a row that says so. */
export type Ends = Record<'synced' | 'overruled' | 'superseded', number>;

/** What each side has last written, and when; nothing of how that is stored or sent. */
export interface Model {
  records: GhlRecord[];
  persons: Person[];
  policies: Map<string, ConflictPolicy>;
  /** GHL answers nothing. */
  isAway: boolean;
  /** Lists lag behind: a poll may have seen the last changes or not. */
  listsLag: boolean;
  people: number;
}

export const createModel = (listsLag: boolean): Model => ({
  records: [],
  persons: [],
  policies: new Map(),
  isAway: false,
  listsLag,
  people: 0,
});

export function newRecord(of: { ghlId: string; email: string; values: Values; at: number; by: string[] }): GhlRecord {
  const { ghlId, email, values, at, by } = of;
  return {
    ghlId,
    email,
    isGone: false,
    values,
    touchedAt: at,
    changedAt: mapFields(() => at),
    author: mapFields(() => new Set(by)),
    seen: undefined,
  };
}

export const newPerson = (ourId: string, email: string, record?: GhlRecord): Person => ({
  ourId,
  email,
  record,
  mergedInto: undefined,
  wants: new Map(),
  ends: { synced: 0, overruled: 0, superseded: 0 },
});

export const mapFields = <T>(of: (field: Field) => T): Record<Field, T> =>
  Object.fromEntries(FIELDS.map((field) => [field, of(field)])) as Record<Field, T>;

/** A person in GHL has written: the record is what GHL shows of it. */
export function changeThere(record: GhlRecord, values: Values, at: number): void {
  for (const field of FIELDS) {
    if (values[field] === record.values[field]) continue;
    const { seen } = record;
    // Back at what we have seen: nobody can tell that it was away.
    const isBack = seen?.values[field] === values[field];
    record.author[field] = new Set([THEM, ...(isBack ? (seen?.author[field] ?? []) : [])]);
    record.changedAt[field] = at;
  }
  record.values = { ...values };
  record.touchedAt = at;
}

/** We read the record. */
export function observe(record: GhlRecord): void {
  const { seen } = record;
  if (record.isGone) {
    if (seen) seen.isGone = true;
    return;
  }
  const knownSince = { ...seen?.knownSince };
  for (const field of FIELDS) {
    if (seen && seen.values[field] !== record.values[field]) knownSince[field] = record.touchedAt;
  }
  const author = mapFields((field) => new Set(record.author[field]));
  record.seen = { isGone: false, values: { ...record.values }, author, knownSince };
}

/** What a person of ours shows of a field before our changes. */
export const shownOf = ({ record }: Person, field: Field): Value => record?.seen?.values[field] ?? emptyOf(field);

export const isChangeable = (person: Person): boolean =>
  person.mergedInto === undefined && person.record?.seen?.isGone !== true;

/** A change is made here. What is to be so already is none. */
export function changeHere(person: Person, { field, value }: Change, act: { actor: string; at: number }): void {
  const before = person.wants.get(field);
  const isNews = before === undefined ? shownOf(person, field) !== value : before.value !== value;
  if (!isNews && before?.state !== 'held' && before?.state !== 'failed') return;
  const base = before?.state === 'pending' ? before.base : shownOf(person, field);
  const mayReplace = new Set(before ? [...before.mayReplace, before.value] : []);
  person.wants.set(field, { value, base, mayReplace, madeAt: act.at, actor: act.actor, state: 'pending' });
  if (before) person.ends.superseded += 1;
  if (!person.record) revive(person, ['failed', 'held']);
}

export function revive(person: Person, states: readonly Want['state'][]): void {
  for (const want of person.wants.values()) if (states.includes(want.state)) want.state = 'pending';
}

/** A change is over, unless a later one has taken its place. */
export function end(person: Person, field: Field, want: Want, how: 'synced' | 'overruled'): void {
  if (person.wants.get(field) !== want) return;
  person.wants.delete(field);
  person.ends[how] += 1;
}

export const pendingOf = (person: Person): [Field, Want][] =>
  [...person.wants].filter(([, want]) => want.state === 'pending');

export function policyOf({ policies }: Model, field: Field): ConflictPolicy {
  return policies.get(isTag(field) ? 'tags' : field) ?? policies.get('*') ?? 'newest-wins';
}

/**
 * Who is right about a pending change beside what GHL shows. `either` where GHL's one time for a whole contact cannot
 * tell: the field truly changed before ours was made, and something else of the contact after it, before we looked.
 */
export type Verdict = 'same' | 'write' | 'theirs' | 'ask' | 'either';

export function judge(model: Model, record: GhlRecord, field: Field, want: Want): Verdict {
  const value = record.values[field];
  if (value === want.value) return 'same';
  if (value === want.base || want.mayReplace.has(value)) return 'write';
  switch (policyOf(model, field)) {
    case 'ghl-wins':
      return 'theirs';
    case 'ours-wins':
      return 'write';
    case 'ask':
      return 'ask';
    case 'newest-wins': {
      // We wrote the very value as well: of two times for it either may be known.
      if (record.author[field].size > 1 || !record.author[field].has(THEM)) return 'either';
      if (record.changedAt[field] > want.madeAt) return 'theirs';
      const knownSince = record.seen?.knownSince[field] ?? record.touchedAt;
      return knownSince > want.madeAt ? 'either' : 'write';
    }
  }
}

/** GHL has taken what we wrote; whether we know so is another thing. */
export function writeThere(record: GhlRecord, changes: readonly [Field, Want][], at: number): void {
  for (const [field, want] of changes) {
    if (record.values[field] === want.value) continue;
    record.values[field] = want.value;
    record.author[field] = new Set([want.actor, UNCONFIRMED]);
    record.changedAt[field] = at;
    record.touchedAt = at;
  }
}

/** GHL has shown what we want: that we set it is known now, unless somebody there set the same. */
export function confirm(record: GhlRecord, field: Field, { actor }: Want): void {
  const author = record.author[field];
  if (author.has(UNCONFIRMED)) record.author[field] = new Set([actor]);
  else author.add(actor);
}

/** Who may be named as the one who set a field. */
export const authorsOf = (record: GhlRecord, field: Field): string[] =>
  [...record.author[field]].map((each) => (each === UNCONFIRMED ? THEM : each));

/** The survivor keeps what it has and gets what it lacks and all tags; the other one is gone. */
export const mergedValues = (survivor: Values, loser: Values): Values =>
  valuesBy((field) =>
    isTag(field) ? survivor[field] === true || loser[field] === true : (survivor[field] ?? loser[field]),
  );
