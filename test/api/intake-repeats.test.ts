import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventIntake } from '../../api/event-intake.ts';
import { keyOfId } from '../../api/event-key.ts';
import { readGhlDelivery } from '../../api/ghl-delivery.ts';
import { takeGhlDelivery } from '../../api/ghl-intake.ts';
import type { EventOwner, Incoming, IntakeDoor, Receipt } from '../../api/intake-door.ts';
import { createDatabase } from '../../db/database.ts';
import { isStorageAway } from '../../db/storage-away.ts';
import { openCountedWay } from '../db/count-round-trips.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { addAgency, type TestAgency } from './agency.ts';
import { contactCreate } from './api-world.ts';
import { createDeliveries, createTestIntake, type Deliveries, idOf, outcomesOf } from './intake-harness.ts';

let database: TestDatabase;
let agency: TestAgency;
let neighbour: TestAgency;
let intake: EventIntake;
let deliver: Deliveries['deliver'];
let deliverAll: Deliveries['deliverAll'];
beforeAll(async () => {
  database = await createTestDatabase();
  [agency, neighbour] = [await addAgency(database.ownerDb, 'Agency'), await addAgency(database.ownerDb, 'Neighbour')];
  intake = createTestIntake(database.db);
  ({ deliver, deliverAll } = createDeliveries(agency.master, intake));
});
afterAll(() => database.drop());

describe('what comes again while it is being taken', () => {
  it('asks Postgres nothing, and is told what the first was', async () => {
    const way = await openCountedWay(database.url);
    const db = createDatabase({ url: way.url, poolSize: 1 });
    const byWay = createTestIntake(db);
    try {
      await deliver(contactCreate(), byWay);
      const event = contactCreate();
      let settled: PromiseSettledResult<Receipt>[] = [];
      const trips = await way.countTrips(async () => {
        settled = await deliverAll([event, event, event], byWay);
      });
      expect(trips).toBe(5);
      expect(outcomesOf(settled)).toEqual(['taken', 'repeat', 'repeat']);
      const [first, ...again] = settled.map((each) => (each as PromiseFulfilledResult<Receipt>).value);
      const repeat = { ...first, outcome: 'repeat', leadId: null };
      expect(again).toEqual([repeat, repeat]);
    } finally {
      await db.destroy();
      await way.close();
    }
  });

  it('is taken by itself where the first is refused, of nobody, or of another account', async () => {
    const body = Buffer.from('{}');
    const event = { locationId: agency.master.ghlId, ...contactCreate() };
    const bad = { ...readGhlDelivery(Buffer.from(JSON.stringify(event)), {}), type: 'no\u0000type' };
    const refused = takeGhlDelivery(intake, bad, body).catch((error: unknown) => error);
    const [again] = await deliverAll([event]);
    expect(await refused).toBeInstanceOf(Error);
    expect(outcomesOf([again!])).toEqual(['taken']);

    const ghlId = `late-${randomUUID()}`;
    const late = contactCreate({ locationId: ghlId });
    const known = { agencyId: agency.agencyId, locationId: agency.master.id, status: 'accepted' } as const;
    const owners: EventOwner[] = [{ agencyId: null, locationId: null, status: 'unknown-tenant' }, known];
    const door: IntakeDoor<Incoming, EventOwner> = {
      findOwners: (_tx, asked) => Promise.resolve(asked.map(() => owners.shift()!)),
      plan: (_tx, asked) => Promise.resolve(asked.map(() => ({}))),
    };
    const told = { source: 'ghl', key: keyOfId(idOf(late)), type: 'ContactCreate', ghlLocationId: ghlId } as const;
    const come = () => intake.take(door, { ...told, ghlContactId: null, occurredAt: null, body });
    const came = await Promise.all([come(), come()]);
    expect(came).toMatchObject([
      { outcome: 'taken', agencyId: null },
      { outcome: 'taken', ...known },
    ]);

    const ours = contactCreate();
    const theirs = { ...ours, locationId: neighbour.master.ghlId };
    const [one, other] = await Promise.all([deliver(ours), deliver(theirs)]);
    expect(one).toMatchObject({ outcome: 'taken', agencyId: agency.agencyId });
    expect(other).toMatchObject({ outcome: 'repeat', agencyId: neighbour.agencyId });
  });

  it('is refused with the first while Postgres is away', async () => {
    const nowhere = Object.assign(new URL(database.url), { port: '1' });
    const db = createDatabase({ url: nowhere.href, poolSize: 1 });
    const event = contactCreate();
    const settled = await deliverAll([event, event], createTestIntake(db));
    await db.destroy();
    const reasons = settled.map((each) => (each as PromiseRejectedResult).reason as unknown);
    expect(reasons.map(isStorageAway)).toEqual([true, true]);
    expect(reasons[1]).toBe(reasons[0]);
    expect(outcomesOf(await deliverAll([event, event]))).toEqual(['taken', 'repeat']);
  });
});
