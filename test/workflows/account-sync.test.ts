import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seal } from '../../crypto/seal.ts';
import { takeEvent } from '../../db/events.ts';
import { lockRouting } from '../../db/routing.ts';
import { withSystemRole } from '../../db/scope.ts';
import type { AccountEvent } from '../../domain/account-event.ts';
import { accountSyncWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitForLock } from '../stack/wait-for-lock.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
let agency: PlantedAgency;
beforeAll(async () => {
  system = await startTestSystem();
  agency = await system.plant(smallAgency('one'));
  await system.startWorkers();
});
afterAll(() => system.stop());

async function store(body: Record<string, unknown>, locationId: string): Promise<AccountEvent> {
  const { agencyId } = agency;
  const event = { rowId: uuidv7(), receivedAt: new Date() };
  await withSystemRole(system.database.db, 'intake', (tx) =>
    takeEvent(tx, {
      ...event,
      source: 'ghl',
      eventId: event.rowId,
      repeatWithinMs: null,
      agencyId,
      locationId,
      type: String(body['type']),
      status: 'accepted',
      ghlLocationId: null,
      ghlContactId: null,
      occurredAt: null,
      body: seal(system.keys, Buffer.from(JSON.stringify(body)), { agencyId, locationId, purpose: 'event-body' }),
    }),
  );
  return { eventRowId: event.rowId, eventReceivedAt: event.receivedAt.toISOString() };
}

describe('the events of an account', () => {
  it('are all applied, although one of them cannot be, and an operator hears of that one', async () => {
    const { agencyId } = agency;
    const locationId = agency.locations.get('chelsea')!;
    const bad = { eventRowId: uuidv7(), eventReceivedAt: new Date().toISOString() };
    const user = (id: string) => ({
      type: 'UserCreate',
      id,
      locationId: 'one-loc-chelsea',
      firstName: id,
      lastName: 'Rep',
    });
    const events = [
      await store(user('first'), locationId),
      bad,
      { eventRowId: 'no id' } as AccountEvent,
      await store(user('last'), locationId),
    ];
    for (const event of events) await system.client.accountEvent({ agencyId, locationId, event });
    await waitFor('both reps', async () => {
      const reps = await system.database.ownerDb
        .selectFrom('reps')
        .select('id')
        .where('ghl_user_id', 'in', ['first', 'last'])
        .execute();
      return reps.length === 2;
    });
    const letters = await waitFor('both letters', async () => {
      const all = await system.database.ownerDb
        .selectFrom('dead_letters')
        .select('cause')
        .where('capability', '=', 'account-sync')
        .execute();
      return all.length === 2 && all;
    });
    expect(letters.map((letter) => letter.cause).sort()).toEqual([
      'event:AccountEventGone',
      'event:AccountEventMalformed',
    ]);
  });

  it('do not wait for those that must be read from GHL, of which each that cannot be read is a dead letter', async () => {
    const { agencyId } = agency;
    const locationId = agency.locations.get('back-bay')!;
    const cut = { payloadTooLarge: true, locationId: 'one-loc-back-bay' };
    await system.simulator.addFault({ status: 503, path: '/contacts/' });
    const unread = [
      await store({ type: 'ContactUpdate', id: 'gone', ...cut }, locationId),
      await store({ type: 'OpportunityDelete', id: 'gone', ...cut }, locationId),
    ].map((event) => ({ ...event, needsReread: true }));
    const removed = await store({ type: 'UserDelete', id: 'one-user-bob', locationId: 'one-loc-back-bay' }, locationId);
    for (const event of [...unread, removed]) await system.client.accountEvent({ agencyId, locationId, event });
    await waitFor('the rep to be removed', async () => {
      const rep = await system.database.ownerDb
        .selectFrom('reps')
        .select('status')
        .where('ghl_user_id', '=', 'one-user-bob')
        .executeTakeFirst();
      return rep?.status === 'removed';
    });
    const letters = () =>
      system.database.ownerDb
        .selectFrom('dead_letters')
        .select(['cause', 'subject_id'])
        .where('cause', 'like', 'reread:%')
        .execute();
    expect(await letters()).toEqual([]);
    await system.simulator.clearFaults();
    const workflow = system.client.temporal.workflow.getHandle(accountSyncWorkflowId(agencyId, locationId));
    await workflow.result();
    expect(await letters()).toEqual([{ cause: 'reread:OpportunityGone', subject_id: unread[1]!.eventRowId }]);
  });

  it('go on although one fails for good and no dead letter can be written of it', async () => {
    const { agencyId } = agency;
    const { ownerDb } = system.database;
    const locationId = agency.locations.get('chelsea')!;
    const user = (id: string) => ({ type: 'UserCreate', id, locationId: 'one-loc-chelsea', firstName: id });
    const events = [await store(user('refused'), locationId), await store(user('taken'), locationId)];
    await sql`alter table reps add constraint broken check (ghl_user_id <> 'refused') not valid`.execute(ownerDb);
    await sql`alter table dead_letters add constraint broken check (false) not valid`.execute(ownerDb);
    for (const event of events) await system.client.accountEvent({ agencyId, locationId, event });
    await waitFor('the other rep', () =>
      ownerDb.selectFrom('reps').select('id').where('ghl_user_id', '=', 'taken').executeTakeFirst(),
    );
    await system.client.temporal.workflow.getHandle(`account-sync/${agencyId}/${locationId}`).result();
    await sql`alter table dead_letters drop constraint broken`.execute(ownerDb);
    await sql`alter table reps drop constraint broken`.execute(ownerDb);
  });

  it('that a cancelled workflow held are dead letters, also what it was at and what it is told of meanwhile', async () => {
    const { agencyId } = agency;
    const { ownerDb } = system.database;
    const locationId = agency.locations.get('chelsea')!;
    const user = (id: string) => ({ type: 'UserCreate', id, locationId: 'one-loc-chelsea', firstName: id });
    const cut = { type: 'ContactUpdate', id: 'held', payloadTooLarge: true, locationId: 'one-loc-chelsea' };
    await system.simulator.addFault({ status: 503, path: '/contacts/' });
    const unread = [await store(cut, locationId), await store(cut, locationId)];
    const events = [await store(user('held-first'), locationId), await store(user('held-second'), locationId)];
    const told = [...unread.map((event) => ({ ...event, needsReread: true })), ...events];
    const workflow = system.client.temporal.workflow.getHandle(accountSyncWorkflowId(agencyId, locationId));
    await ownerDb.transaction().execute(async (tx) => {
      // The first event is being applied, and waits.
      await lockRouting(tx, agencyId);
      for (const event of told) await system.client.accountEvent({ agencyId, locationId, event });
      await waitForLock(system.database);
      await workflow.cancel();
      await expect(workflow.result()).rejects.toThrow();
    });
    await system.simulator.clearFaults();
    const letters = await ownerDb
      .selectFrom('dead_letters')
      .select(['cause', 'subject_id'])
      .where('cause', 'like', '%:Cancelled')
      .execute();
    const named = letters.map(({ cause, subject_id: id }) => `${cause} ${id}`).sort();
    const expected = [
      ...events.map(({ eventRowId }) => `event:Cancelled ${eventRowId}`),
      ...unread.map(({ eventRowId }) => `reread:Cancelled ${eventRowId}`),
    ];
    expect(named).toEqual(expected.sort());
  });

  it('that a cancelled workflow waited for, a token, is a dead letter', async () => {
    const { agencyId } = agency;
    const { ownerDb } = system.database;
    const locationId = agency.locations.get('back-bay')!;
    await system.simulator.addFault({ status: 503, path: '/oauth/locationToken' });
    const of = { locationId: 'one-loc-back-bay', companyId: 'one-company', timestamp: new Date().toISOString() };
    await ownerDb.deleteFrom('installs').where('location_id', '=', locationId).execute();
    const workflow = system.client.temporal.workflow.getHandle(accountSyncWorkflowId(agencyId, locationId));
    const event = await store({ type: 'INSTALL', ...of }, locationId);
    await system.client.accountEvent({ agencyId, locationId, event });
    await waitFor('the token to be asked for', async () =>
      (await workflow.describe()).raw.pendingActivities?.some((each) => each.activityType?.name === 'obtainToken'),
    );
    await workflow.cancel();
    await expect(workflow.result()).rejects.toThrow();
    await system.simulator.clearFaults();
    const letters = ownerDb.selectFrom('dead_letters').select('cause').where('subject_id', '=', locationId);
    expect(await letters.execute()).toEqual([{ cause: 'install:Cancelled' }]);
  });

  it('do not wait for a token that GHL does not give', async () => {
    const { agencyId } = agency;
    const locationId = agency.locations.get('cambridge')!;
    await system.simulator.addFault({ status: 500, forMs: 30_000, locationId: 'one-loc-cambridge' });
    await system.simulator.addFault({ status: 500, forMs: 30_000, path: '/oauth/locationToken' });
    const install = await store(
      {
        type: 'INSTALL',
        locationId: 'one-loc-cambridge',
        companyId: 'one-company',
        timestamp: new Date().toISOString(),
      },
      locationId,
    );
    const removed = await store(
      { type: 'UserDelete', id: 'one-user-cid', locationId: 'one-loc-cambridge' },
      locationId,
    );
    await system.client.accountEvent({ agencyId, locationId, event: install });
    await system.client.accountEvent({ agencyId, locationId, event: removed });
    await waitFor('the rep to be removed', async () => {
      const rep = await system.database.ownerDb
        .selectFrom('reps')
        .select('status')
        .where('ghl_user_id', '=', 'one-user-cid')
        .executeTakeFirst();
      return rep?.status === 'removed';
    });
    await system.simulator.clearFaults();
  });
});
