import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { removeLeadTrigger } from '../../db/lead-triggers.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { noteTriggerObservation, type TriggerObservation } from '../../db/trigger-observations.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let contact: string;
let minute = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'tenant');
});
afterAll(() => database.drop());
beforeEach(() => {
  contact = uuidv7();
  minute = 0;
});

const at = (minutes: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const see = (matched: boolean, more: Partial<TriggerObservation> = {}) =>
  withSystemRole(database.db, 'intake', (tx) =>
    noteTriggerObservation(tx, {
      triggerId: tenant.triggerId,
      agencyId: tenant.agencyId,
      ghlContactId: contact,
      matched,
      mayBeStep: false,
      observedAt: at((minute += 1)),
      ...more,
    }),
  );

describe('noteTriggerObservation', () => {
  it('counts the first sight of an old customer as the base line only', async () => {
    expect(await see(true)).toBeUndefined();
    expect(await see(true)).toBeUndefined();
  });

  it('counts the first sight of a new contact', async () => {
    expect(await see(true, { mayBeStep: true })).toBe(1);
    expect(await see(true)).toBeUndefined();
  });

  it('counts each step from absent to present, and nothing else', async () => {
    expect(await see(false)).toBeUndefined();
    expect(await see(true)).toBe(1);
    expect(await see(true)).toBeUndefined();
    expect(await see(false)).toBeUndefined();
    expect(await see(true)).toBe(2);
  });

  it('leaves a view that is older than the one remembered alone', async () => {
    await see(false, { observedAt: at(10) });
    expect(await see(true, { observedAt: at(5) })).toBeUndefined();
    expect(await see(true, { observedAt: at(20) })).toBe(1);
    expect(await see(false, { observedAt: at(15) })).toBeUndefined();
    expect(await see(true, { observedAt: at(25) })).toBeUndefined();
  });

  it('gives one step to one of several who see it at once', async () => {
    await see(false, { observedAt: at(1) });
    const seen = await Promise.all(Array.from({ length: 8 }, () => see(true, { observedAt: at(2) })));
    expect(seen.filter((occurrence) => occurrence !== undefined)).toEqual([1]);
    contact = uuidv7();
    const fresh = await Promise.all(Array.from({ length: 8 }, () => see(true, { mayBeStep: true, observedAt: at(2) })));
    expect(fresh.filter((occurrence) => occurrence !== undefined)).toEqual([1]);
  });

  it('keeps contacts apart', async () => {
    await see(false);
    expect(await see(true)).toBe(1);
    contact = uuidv7();
    await see(false);
    expect(await see(true)).toBe(1);
  });
});

describe('removeLeadTrigger', () => {
  it('forgets what the trigger saw', async () => {
    await see(true);
    const { agencyId, triggerId } = tenant;
    const removed = await withScope(database.db, { agencyId }, (tx) => removeLeadTrigger(tx, triggerId));
    expect(removed).toMatchObject({ id: triggerId, name: 'again' });
    const left = await database.ownerDb.selectFrom('lead_trigger_states').select('trigger_id').execute();
    expect(left).toEqual([]);
  });
});
