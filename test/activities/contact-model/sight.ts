import type { Fault } from '../../../simulator/faults.ts';
import { expect } from 'vitest';
import { valuesOfGhl, valuesOfMirror } from './model-fields.ts';
import {
  changeHere,
  changeThere,
  type GhlRecord,
  isChangeable,
  type Model,
  newPerson,
  observe,
  type Person,
} from './model.ts';
import type { Real } from './real.ts';

export type Fate = 'committed' | 'lost' | 'refused' | 'refused-though-done';

/** What will become of the next call of ours. */
export async function nextFate(real: Real, call: { method: string; path: string }): Promise<Fate | 'unasked'> {
  const faults = await real.bench.simulator.listFaults();
  const isMet = ({ method, path }: Fault): boolean =>
    (method === undefined || method === call.method) && (path === undefined || new RegExp(path).test(call.path));
  const met = faults.find(isMet);
  if (!met) return 'committed';
  if (met.status === 503) return 'unasked';
  if (met.status === 422) return 'refused';
  return met.createdBut422 ? 'refused-though-done' : 'lost';
}

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

export const touchedAt = async (real: Real, record: GhlRecord): Promise<number> => {
  const shown = (await real.bench.simulator.listContacts(real.ghlLocationId)).find(({ id }) => id === record.ghlId);
  return shown ? Date.parse(shown.dateUpdated) : record.touchedAt;
};

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
    if (!seen.isGone) expect(valuesOfMirror(row.fields)).toEqual(seen.values);
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
