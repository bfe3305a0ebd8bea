import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

type Tx = Transaction<Database>;

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
});
afterAll(() => database.drop());

describe('a reference to another agency', () => {
  const refused = async (values: (tx: Tx) => Promise<unknown>): Promise<string> => {
    try {
      await withScope(database.db, { agencyId: ours.agencyId }, values);
      return 'allowed';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    }
  };
  const FOREIGN_KEY = '23503';
  const mine = () => ({ id: uuidv7(), agency_id: ours.agencyId });
  const lead = () => ({
    ...mine(),
    intake_location_id: ours.masterId,
    state: 'received' as const,
    source: 'api' as const,
    event_row_id: uuidv7(),
    event_received_at: new Date(),
  });
  const assignment = () => ({
    ...mine(),
    lead_id: ours.leadId,
    location_id: ours.nearId,
    decision_id: uuidv7(),
    state: 'reserved' as const,
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    [
      'a parent location',
      (tx) =>
        tx
          .insertInto('locations')
          .values({ ...mine(), parent_id: theirs.masterId, kind: 'region', name: 'x', is_intake: false })
          .execute(),
    ],
    [
      'a rep’s location',
      (tx) =>
        tx
          .insertInto('reps')
          .values({ ...mine(), location_id: theirs.nearId, ghl_user_id: 'x', name: 'x', status: 'active' })
          .execute(),
    ],
    [
      'a key’s location',
      (tx) =>
        tx
          .insertInto('api_keys')
          .values({ ...mine(), location_id: theirs.farId, role: 'location', name: 'x', hash: Buffer.from('y') })
          .execute(),
    ],
    [
      'an install’s location',
      (tx) =>
        tx
          .insertInto('installs')
          .values({
            ...mine(),
            location_id: theirs.farId,
            kind: 'pit',
            user_type: 'Location',
            status: 'active',
            access_token: Buffer.from('x'),
          })
          .execute(),
    ],
    [
      'a trigger’s location',
      (tx) =>
        tx
          .insertInto('lead_triggers')
          .values({ ...mine(), location_id: theirs.nearId, name: 'x', kind: 'tag', subject: 'x' })
          .execute(),
    ],
    [
      'a lead’s intake location',
      (tx) =>
        tx
          .insertInto('leads')
          .values({ ...lead(), intake_location_id: theirs.masterId })
          .execute(),
    ],
    [
      'a lead’s location',
      (tx) =>
        tx
          .insertInto('leads')
          .values({ ...lead(), location_id: theirs.nearId })
          .execute(),
    ],
    [
      'a lead’s rep',
      (tx) =>
        tx
          .insertInto('leads')
          .values({ ...lead(), rep_id: theirs.repId })
          .execute(),
    ],
    [
      'a lead’s person',
      (tx) =>
        tx
          .insertInto('leads')
          .values({ ...lead(), person_id: theirs.personId })
          .execute(),
    ],
    [
      'the lead it repeats',
      (tx) =>
        tx
          .insertInto('leads')
          .values({ ...lead(), duplicate_of: theirs.leadId })
          .execute(),
    ],
    [
      'an assignment’s lead',
      (tx) =>
        tx
          .insertInto('assignments')
          .values({ ...assignment(), lead_id: theirs.leadId })
          .execute(),
    ],
    [
      'an assignment’s location',
      (tx) =>
        tx
          .insertInto('assignments')
          .values({ ...assignment(), location_id: theirs.nearId })
          .execute(),
    ],
    [
      'an assignment’s rep',
      (tx) =>
        tx
          .insertInto('assignments')
          .values({ ...assignment(), rep_id: theirs.repId })
          .execute(),
    ],
  ])('is refused as %s', async (_, insert) => {
    expect(await refused(insert)).toBe(FOREIGN_KEY);
  });

  it('is refused as a trigger’s memory', async () => {
    const values = {
      agency_id: ours.agencyId,
      trigger_id: theirs.triggerId,
      ghl_contact_id: 'z',
      matched: true,
      observed_at: new Date(),
    };
    const insert = withSystemRole(database.db, 'intake', (tx) =>
      tx.insertInto('lead_trigger_states').values(values).execute(),
    );
    await expect(insert).rejects.toMatchObject({ code: FOREIGN_KEY });
  });
});
