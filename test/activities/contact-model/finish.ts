import { expect } from 'vitest';
import type { ConflictPolicy } from '../../../domain/contact-conflict.ts';
import { pictureOfGhl, pictureOfMirror } from '../../stack/mirror-picture.ts';
import { FIELDS, valuesOfMirror } from './model-fields.ts';
import { authorsOf, type Model, pendingOf, revive, THEM } from './model.ts';
import { emailOf, makeThere } from './creations.ts';
import { poll } from './telling.ts';
import { answerHeld, failedOf, heldOf, setPolicy } from './trouble.ts';
import { LAG_MS, type Real } from './real.ts';
import { expectMirror, resync } from './sight.ts';
import { stepRead, stepWrite } from './steps.ts';

/** How a run ends: what is left is delivered or lost and polled for; operators mend what waits for them or leave it. */
export interface Ending {
  isDelivered: boolean;
  isMended: boolean;
  keep: 'ours' | 'ghl';
}

/** How a run begins: with what the location says of conflicts, and two contacts in GHL that we know. */
export async function begin(model: Model, real: Real, policies: Record<string, ConflictPolicy | null>): Promise<void> {
  for (const [field, policy] of Object.entries(policies)) if (policy) await setPolicy(model, real, field, policy);
  for (const change of [
    { field: 'city', value: 'Acton' },
    { field: 'tag:old', value: true },
  ] as const) {
    await makeThere(model, real, { email: emailOf(model), changes: [change] });
  }
  await settle(model, real, true);
}

/** A contact needs a few steps for what is left of it: to be made, to be written, to be read again. */
const ROUNDS = 12;

/** Lets all that is under way come to its end. */
export async function drain(model: Model, real: Real, { isDelivered, isMended, keep }: Ending): Promise<void> {
  await real.bench.simulator.clearFaults();
  model.isAway = false;
  await settle(model, real, isDelivered);
  if (isMended) {
    while (heldOf(model).length > 0) await answerHeld(model, real, 0, keep);
    for (const person of failedOf(model)) {
      await real.redrive(person.ourId);
      revive(person, ['failed']);
    }
    await settle(model, real, isDelivered);
  }
  await real.passTime(2 * LAG_MS);
  // What was left half way is ended first.
  for (const kind of ['delta', 'delta', 'sweep', 'sweep'] as const) await poll(real, kind);
  await resync(model, real, { there: true, gone: true });
  await settle(model, real, isDelivered);
  await expectMirror(model, real);
}

async function settle(model: Model, real: Real, isDelivered: boolean): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const waiting = await real.webhooks();
    for (const webhook of waiting.splice(0)) if (isDelivered) await real.deliver(webhook);
    await real.handOver();
    const busy = real.workflows.busy();
    if (busy.length === 0) return;
    for (const key of busy) {
      await stepRead(model, real, key);
      await stepWrite(model, real, key);
    }
  }
  throw new Error('it does not come to rest');
}

/** Holds the end against the model: both sides alike and as the policy says, and a row for whatever was not done. */
export async function expectEnd(model: Model, real: Real): Promise<void> {
  const { simulator, database } = real.bench;
  const shown = await pictureOfGhl(simulator, real.ghlLocationId);
  const { contact } = await pictureOfMirror(database, real.locationId);
  const rows = await real.contacts();
  for (const row of rows) if (row.ghl_id === null) delete contact![''];
  expect(contact).toEqual(shown['contact']);
  const there = model.records.filter(({ isGone }) => !isGone);
  expect(Object.keys(shown['contact']!).sort()).toEqual(there.map(({ ghlId }) => ghlId).sort());
  for (const record of there) {
    expect(valuesOfMirror(shown['contact']![record.ghlId]!), 'what the policy says stands').toEqual(record.values);
    const row = rows.find(({ ghl_id }) => ghl_id === record.ghlId)!;
    const lineage = row.lineage as Record<string, { origin: string; actor: string } | undefined>;
    for (const field of FIELDS) {
      const told = lineage[field];
      expect(authorsOf(record, field), `who set ${field}`).toContain(told && told.origin !== 'ghl' ? told.actor : THEM);
    }
  }
  await expectRows(model, real);
}

/** No change is lost without a word: each has a row, and what is not done is open in the model as it is there. */
async function expectRows(model: Model, real: Real): Promise<void> {
  const edits = await real.edits();
  for (const state of ['synced', 'overruled', 'superseded'] as const) {
    const ended = model.persons.reduce((sum, { ends }) => sum + ends[state], 0);
    expect(
      edits.filter((edit) => edit.state === state),
      state,
    ).toHaveLength(ended);
  }
  for (const edit of edits) {
    expect(edit.state).not.toBe('pending');
    expect(edit.reason).not.toBeNull();
  }
  const open = edits.filter(({ state }) => state === 'held' || state === 'failed');
  const wanted = model.persons
    .filter(({ mergedInto }) => !mergedInto)
    .flatMap((person) => [...person.wants].map(([field, { state }]) => `${person.ourId} ${field} ${state}`));
  expect(model.persons.filter(({ mergedInto }) => !mergedInto).flatMap(pendingOf)).toEqual([]);
  expect(open.map((edit) => `${edit.contact_id} ${edit.field} ${edit.state}`).sort()).toEqual(wanted.sort());
  const letters = await real.letters();
  for (const { contact_id: id } of open.filter(({ state }) => state === 'failed')) {
    expect(letters.some((each) => each.subject_id === id && each.resolved_at === null)).toBe(true);
  }
}
