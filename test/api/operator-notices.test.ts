import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBudgetWatch } from '../../api/budget-watch.ts';
import { createMetrics } from '../../api/metrics.ts';
import { createSilenceWatch } from '../../api/silence.ts';
import { addDeadLetter, type NewDeadLetter } from '../../db/dead-letters.ts';
import { createBreakerStore } from '../../db/ghl-breakers.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { createTokenStore } from '../../db/installs.ts';
import { subscribe } from '../../db/notice-subscriptions.ts';
import { type SystemRole, withScope, withSystemRole } from '../../db/scope.ts';
import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { type NoticeTopic, OPERATOR_TOPICS } from '../../domain/notice.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import { type ApiWorld, createApiWorld, keyRing } from './api-world.ts';

let world: ApiWorld;
let agencyId: string;
beforeAll(async () => {
  world = await createApiWorld();
  ({ agencyId } = world.agency);
  await hear(agencyId);
});
beforeEach(() => world.ownerDb.deleteFrom('notices').execute());
afterAll(() => world.close());

const hear = (id: string) =>
  withScope(world.db, { agencyId: id }, (tx) =>
    subscribe(tx, keyRing, {
      agencyId: id,
      locationId: null,
      repId: null,
      topics: OPERATOR_TOPICS,
      channel: 'email',
      recipient: 'address',
      address: 'watch@operators.example',
      endpointId: null,
      madeBy: 'test',
    }),
  );
const noticed = (topic: NoticeTopic) =>
  world.ownerDb
    .selectFrom('notices')
    .select(['agency_id', 'location_id', 'data'])
    .where('topic', '=', topic)
    .orderBy('id')
    .execute();

describe('a dead letter', () => {
  const letter = (more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
    agencyId,
    locationId: world.agency.branch.id,
    capability: 'lead-intake',
    cause: 'stuck',
    advice: 'x',
    subject: { kind: 'lead', id: uuidv7() },
    workflowId: null,
    ...more,
  });

  it('is told once, and one of a notice that did not get out, of no agency, or of one that hears nothing, is not', async () => {
    const told = letter();
    const others = [letter({ capability: 'notification' }), letter({ agencyId: null, locationId: null })];
    others.push(letter({ agencyId: world.neighbour.agencyId, locationId: world.neighbour.branch.id }));
    const add = (each: NewDeadLetter) => withSystemRole(world.db, 'intake', (tx) => addDeadLetter(tx, each));
    for (const each of [told, told, ...others]) await add(each);
    expect(await noticed('dead-letter.left')).toMatchObject([
      {
        agency_id: agencyId,
        location_id: world.agency.branch.id,
        data: { cause: 'stuck', subjectId: told.subject.id },
      },
    ]);
  });

  it.each<[SystemRole, Partial<NewDeadLetter>]>([
    ['intake', {}],
    ['relay', { capability: 'lead-follow-up', cause: 'handover:x', subject: { kind: 'event', id: uuidv7() } }],
    ['upkeep', { cause: 'running-long', subject: { kind: 'workflow', id: 'poll-sync/x' } }],
  ])('is told whoever leaves it: %s', async (role, more) => {
    await withSystemRole(world.db, role, (tx) => addDeadLetter(tx, letter(more)));
    await withScope(world.db, { agencyId }, (tx) => addDeadLetter(tx, letter()));
    expect(await noticed('dead-letter.left')).toHaveLength(2);
    await waitFor('the relay to hand both over', () => {
      const handed = world.client.handovers.filter(({ method }) => method === 'startNotification');
      return handed.length >= 2;
    });
  });
});

describe('an install', () => {
  it('that is refused for good is told, with what it is and not what it holds', async () => {
    const id = uuidv7();
    const place = { agency_id: agencyId, location_id: world.agency.branch.id };
    const token = Buffer.from('sealed');
    await world.ownerDb
      .insertInto('installs')
      .values({ ...place, id, kind: 'pit', user_type: 'Location', status: 'active', access_token: token })
      .execute();
    const store = createTokenStore(world.db, keyRing);
    const ref = { agencyId, installId: id, tokenVersion: 1 } as Parameters<typeof store.markNeedsReauth>[0];
    await world.ownerDb.updateTable('installs').set({ token_version: 1 }).where('id', '=', id).execute();
    await store.markNeedsReauth(ref, 'invalid_grant', new Date());
    await store.markNeedsReauth(ref, 'invalid_grant', new Date());
    expect(await noticed('install.needs-reauth')).toMatchObject([
      { location_id: world.agency.branch.id, data: { installId: id, reason: 'invalid_grant' } },
    ]);
  });
});

describe('what concerns all', () => {
  it('a breaker that opens is told to each agency that hears of it, once for an outage', async () => {
    const store = createBreakerStore(world.db);
    const openUntilMs = Date.now() + 30_000;
    await store.writeOpenUntil('contacts', openUntilMs);
    await store.writeOpenUntil('contacts', openUntilMs + 5_000);
    expect(await store.readOpenUntil('contacts')).toBe(openUntilMs + 5_000);
    const openUntil = new Date(openUntilMs).toISOString();
    expect(await noticed('breaker.opened')).toMatchObject([
      { agency_id: agencyId, location_id: null, data: { endpointGroup: 'contacts', openUntil } },
    ]);
    await sql`update ghl_breakers set open_until = now() - interval '1 hour'`.execute(world.ownerDb);
    await hear(world.neighbour.agencyId);
    await store.writeOpenUntil('contacts', Date.now() + 60_000);
    expect((await noticed('breaker.opened')).map(({ agency_id }) => agency_id)).toEqual(
      expect.arrayContaining([agencyId, agencyId, world.neighbour.agencyId]),
    );
    await world.ownerDb.deleteFrom('notice_subscriptions').where('agency_id', '=', world.neighbour.agencyId).execute();
    await world.ownerDb.deleteFrom('heard_topics').where('agency_id', '=', world.neighbour.agencyId).execute();
  });

  it('refused signatures are told when they pass twenty in an hour', async () => {
    const send = () => world.http.post('/webhooks/ghl').send('{}').expect(401);
    for (let count = 0; count < 15; count += 1) await send();
    for (let count = 0; count < 10; count += 1) await send();
    const found = await waitFor('the notice', async () => {
      const all = await noticed('signatures.refused');
      return all.length > 0 && all;
    });
    expect(found).toHaveLength(1);
    expect(found[0]!.agency_id).toBe(agencyId);
  });
});

describe('a location', () => {
  it('that has gone silent is told once, however many processes notice', async () => {
    const HOUR_MS = 3_600_000;
    const lastEventAt = new Date(Date.now() - 20 * HOUR_MS);
    await sql`select ensure_month_partitions((now() - interval '1 month')::date, 1)`.execute(world.ownerDb);
    const { id: locationId } = world.agency.branch;
    await world.ownerDb
      .updateTable('locations')
      .set({ last_event_at: lastEventAt })
      .where('id', '=', locationId)
      .execute();
    const rows = Array.from({ length: 200 }, (_, index) => ({
      id: uuidv7(),
      agency_id: agencyId,
      location_id: locationId,
      received_at: new Date(lastEventAt.getTime() - index * 60_000),
      source: 'ghl' as const,
      event_id: randomUUID(),
      type: 'ContactUpdate',
      status: 'accepted' as const,
    }));
    await world.ownerDb.insertInto('events').values(rows).execute();
    for (let process = 0; process < 2; process += 1) {
      const deps = { db: world.db, logger: createTestLogger(), metrics: createMetrics(), now: () => new Date() };
      await createSilenceWatch(deps).check();
    }
    expect(await noticed('location.silent')).toMatchObject([
      { agency_id: agencyId, location_id: locationId, data: { lastEventAt: lastEventAt.toISOString() } },
    ]);
  });

  it('whose calls of the day are nearly spent is told once a day', async () => {
    const store = createBudgetStore(world.db);
    const watch = createBudgetWatch({ db: world.db, logger: createTestLogger() });
    const spend = async (ghlLocationId: string, dayRemaining: number) => {
      const of = { kind: 'location', agencyId, ghlLocationId } as const;
      const taken = await store.take(of, 'interactive');
      if (!taken.granted) throw new Error('refused');
      await store.settle(of, taken.grant, { ...NOTHING_OBSERVED, dayLimit: 200_000, dayRemaining }).stored;
    };
    await spend(world.agency.branch.ghlId, 30_000);
    await watch.check();
    expect(await noticed('budget.nearly-spent')).toEqual([]);
    await spend(world.agency.branch.ghlId, 10_000);
    await watch.check();
    await watch.check();
    expect(await noticed('budget.nearly-spent')).toMatchObject([
      {
        agency_id: agencyId,
        location_id: world.agency.branch.id,
        data: { resource: `location/${world.agency.branch.ghlId}`, leftPercent: 5 },
      },
    ]);
  });
});
