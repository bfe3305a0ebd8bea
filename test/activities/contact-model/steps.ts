import { expect } from 'vitest';
import { create } from './creating.ts';
import { type Model, pendingOf } from './model.ts';
import { type Interruption, push } from './push.ts';
import type { Real } from './real.ts';
import { nextFate, sees } from './sight.ts';

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
