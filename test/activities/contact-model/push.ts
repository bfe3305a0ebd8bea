import { expect } from 'vitest';
import { type Field, isTag } from './model-fields.ts';
import {
  type GhlRecord,
  judge,
  type Model,
  observe,
  pendingOf,
  type Person,
  type Verdict,
  type Want,
  confirm,
  end,
  writeThere,
} from './model.ts';
import type { Real } from './real.ts';
import { type Fate, nextFate, touchedAt } from './sight.ts';

/** What else happens while a step of ours is under way: between its read and its writes, or after them. */
export interface Interruption {
  when: 'before-writes' | 'after-writes';
  act(of: Person, writing: ReadonlySet<Field>): Promise<void>;
}

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

/** Writes what is pending of a contact that GHL has. @returns how many writes that may cost */
export async function push(
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
  const outcome = await real.workflows.write(key, real);
  real.gate.beforeEach = undefined;
  await settleJudged();
  if (groups!.length === 0) {
    expect(outcome).toBe('done');
    return 0;
  }
  if (!isAfter) {
    // It never came to the last read: an answer was lost, or the contact is gone.
    await applyWrites(real, record, groups!, fates);
    expect(outcome).toBe(record.isGone && outcome === 'failed' ? 'failed' : 'again');
    if (outcome === 'failed') failAll(pendingOf(person));
  } else {
    expect(outcome).toBe('done');
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
  else end(person, field, want, verdict === 'same' ? 'synced' : 'overruled');
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
      // Several fields that are refused together are tried one by one. What was done and called refused only a look shows.
      const isAnswered = fates[index] === 'committed' || (method === 'PUT' && changes.length > 1);
      if (!isAnswered && record.values[field] !== want.value) {
        if (isCurrent) want.state = 'failed';
        continue;
      }
      end(person, field, want, 'synced');
      if (record.values[field] === want.value) confirm(record, field, want);
    }
  }
}
