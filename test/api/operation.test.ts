import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSilenceWatch } from '../../api/silence.ts';
import { createMetrics } from '../../api/metrics.ts';
import { createBudgetStore } from '../../db/ghl-budgets.ts';
import { NOTHING_OBSERVED } from '../../domain/ghl-budget.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

describe('health', () => {
  it('tells that the process lives', async () => {
    await world.http.get('/healthz').expect(200, { status: 'alive' });
  });

  it('is ready with Postgres and its migrations, with or without Temporal', async () => {
    const ready = { status: 'ready', postgres: 'current' };
    await world.http.get('/readyz').expect(200, { ...ready, temporal: 'reachable' });
    world.client.isAway = true;
    await world.http.get('/readyz').expect(200, { ...ready, temporal: 'away' });
    world.client.isAway = false;
  });

  it('stays ready when the database is migrated before it, and is not when it comes before the migration', async () => {
    const table = world.ownerDb.withTables<{ kysely_migration: { name: string; timestamp: string } }>();
    const late = { name: '9999-later', timestamp: new Date().toISOString() };
    await table.insertInto('kysely_migration').values(late).execute();
    await world.http
      .get('/readyz')
      .expect(200, { status: 'ready', postgres: 'newer-migration', temporal: 'reachable' });
    await table.deleteFrom('kysely_migration').where('name', '=', late.name).execute();

    const newest = table.selectFrom('kysely_migration').selectAll().orderBy('name', 'desc').limit(1);
    const mine = await newest.executeTakeFirstOrThrow();
    await table.deleteFrom('kysely_migration').where('name', '=', mine.name).execute();
    await world.http
      .get('/readyz')
      .expect(503, { status: 'not-ready', postgres: 'older-migration', temporal: 'reachable' });
    await table.insertInto('kysely_migration').values(mine).execute();
    await world.http.get('/readyz').expect(200);
  });
});

describe('metrics', () => {
  it('count events by class and status, time webhooks, and measure the inbox', async () => {
    const event = contactCreate();
    await world.deliver(event).expect(200);
    await world.deliver(event).expect(200);
    await world.http.post('/webhooks/ghl').send('{}').expect(401);
    const { text } = await world.http.get('/metrics').expect(200);
    expect(text).toContain('switchyard_events_total{source="ghl",class="contact",status="accepted"} 1');
    expect(text).toContain('switchyard_events_total{source="ghl",class="contact",status="repeat"} 1');
    expect(text).toContain('switchyard_webhook_ack_seconds_count{door="ghl",status="200"} 2');
    expect(text).toContain('switchyard_refused_deliveries_total{reason="missing"} 1');
    expect(text).toMatch(/switchyard_inbox_depth \d/);
    expect(text).toMatch(/switchyard_inbox_oldest_seconds \d/);
    expect(text).toMatch(/switchyard_workflow_starts_in_flight \d/);
  });
});

describe('the page of metrics', () => {
  it('tells what is left of GHL’s budgets by class, and what waits in Temporal’s queues', async () => {
    const store = createBudgetStore(world.db);
    const of = { kind: 'location', agencyId: world.agency.agencyId, ghlLocationId: 'measured' } as const;
    const taken = await store.take(of, 'interactive');
    if (!taken.granted) throw new Error('refused');
    await store.settle(of, taken.grant, { ...NOTHING_OBSERVED, windowLimit: 100, windowRemaining: 25 }).stored;
    world.client.backlogs = [{ queue: 'ghl-bulk', type: 'activity', tasks: 12, ageMs: 3_500 }];
    const { text } = await world.http.get('/metrics').expect(200);
    expect(text).toContain('switchyard_ghl_budget_left_ratio{class="location",window="window",stat="min"} 0.25');
    expect(text).toContain('switchyard_ghl_budgets_active{class="location"} 1');
    expect(text).toContain('switchyard_ghl_budgets_active{class="company"} 0');
    expect(text).toContain('switchyard_task_queue_backlog{queue="ghl-bulk",type="activity"} 12');
    expect(text).toContain('switchyard_task_queue_backlog_age_seconds{queue="ghl-bulk",type="activity"} 3.5');
    expect(text).toContain('switchyard_dependency_up{dependency="temporal"} 1');
    expect(text).toContain('switchyard_dependency_up{dependency="postgres"} 1');
  });

  it('is there while Temporal is away, and says so', async () => {
    world.client.isAway = true;
    const { text } = await world.http.get('/metrics').expect(200);
    world.client.isAway = false;
    expect(text).toContain('switchyard_dependency_up{dependency="temporal"} 0');
    expect(text).toMatch(/switchyard_inbox_depth \d/);
  });
});

describe('an unknown route', () => {
  it('is answered 404 as a problem', async () => {
    const answer = await world.http.get('/v2/nothing').expect(404);
    expect(answer.body).toMatchObject({ code: 'no-such-route' });
  });
});

describe('an account that normally speaks', () => {
  it('stays silent, whatever is forgotten of how it spoke, until it is not to speak or its silence is wanted', async () => {
    const { ownerDb, db } = world;
    const { id } = world.agency.master;
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
    const change = (values: Record<string, Date | null>) =>
      ownerDb.updateTable('locations').set(values).where('id', '=', id).execute();
    const { live_at, installed_at } = await ownerDb
      .selectFrom('locations')
      .select(['live_at', 'installed_at'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const lines: string[] = [];
    const logger = createTestLogger((line) => void lines.push(line));
    const metrics = createMetrics();
    const watch = createSilenceWatch({ db, logger, metrics, now: () => new Date() });
    const silent = async (): Promise<number> => {
      await watch.check();
      return (await metrics.silentLocations.get()).values[0]!.value;
    };
    const before = await silent();

    // It has been silent for weeks, and its events went with their month.
    await change({ last_event_at: ago(30) });
    expect(await silent()).toBe(before);
    await sql`update locations set silent_since = last_event_at where id = ${id}`.execute(ownerDb);
    expect(await silent()).toBe(before + 1);
    await change({ live_at: null });
    expect(await silent()).toBe(before);
    await change({ live_at, installed_at: null });
    expect(await silent()).toBe(before);
    await change({ installed_at });
    expect(await silent()).toBe(before + 1);
    await change({ silence_wanted_at: ago(1) });
    expect(await silent()).toBe(before);
    await change({ silence_wanted_at: null });
    expect(await silent()).toBe(before + 1);
    await change({ last_event_at: new Date() });
    expect(await silent()).toBe(before);
  });

  it('raises one alert when it falls silent, and one that rarely speaks raises none', async () => {
    const { ownerDb, db } = world;
    const HOUR_MS = 3_600_000;
    const lastEventAt = new Date(Date.now() - 20 * HOUR_MS);
    // The hours before may be last month's, for which a fresh database has no partition.
    await sql`select ensure_month_partitions((now() - interval '1 month')::date, 1)`.execute(ownerDb);
    const speak = async (locationId: string, agencyId: string, events: number): Promise<void> => {
      await ownerDb.updateTable('locations').set({ last_event_at: lastEventAt }).where('id', '=', locationId).execute();
      const rows = Array.from({ length: events }, (_, index) => ({
        id: uuidv7(),
        agency_id: agencyId,
        location_id: locationId,
        received_at: new Date(lastEventAt.getTime() - index * 60_000),
        source: 'ghl' as const,
        event_id: randomUUID(),
        type: 'ContactUpdate',
        status: 'accepted' as const,
      }));
      await ownerDb.insertInto('events').values(rows).execute();
    };
    await speak(world.agency.branch.id, world.agency.agencyId, 200);
    await speak(world.neighbour.branch.id, world.neighbour.agencyId, 10);

    const lines: string[] = [];
    const logger = createTestLogger((line) => void lines.push(line));
    const metrics = createMetrics();
    const watch = createSilenceWatch({ db, logger, metrics, now: () => new Date() });
    await watch.check();
    await watch.check();
    const alerts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(alerts).toMatchObject([{ alert: 'location-silent', locationId: world.agency.branch.id }]);
    expect((await metrics.silentLocations.get()).values).toMatchObject([{ value: 1 }]);
    const noted = ownerDb.selectFrom('locations').select(['id', 'silent_since']).where('silent_since', 'is not', null);
    expect(await noted.where('id', '=', world.agency.branch.id).execute()).toMatchObject([
      { silent_since: lastEventAt },
    ]);
    expect(await noted.where('id', '=', world.neighbour.branch.id).execute()).toEqual([]);

    const speaking = { type: 'NoteCreate', webhookId: randomUUID(), locationId: world.agency.branch.ghlId };
    await world.deliver(speaking).expect(200);
    await waitToPass(async () => {
      await watch.check();
      expect((await metrics.silentLocations.get()).values).toMatchObject([{ value: 0 }]);
    });
  });
});

describe('a draining process', () => {
  it('answers 429 at every door, still tells its health, and hands nothing more over', async () => {
    world.service.drain();
    const event = contactCreate();
    const answer = await world.deliver(event).expect(429);
    expect(answer.headers['retry-after']).toBeDefined();
    expect(answer.body).toMatchObject({ code: 'draining' });
    await world.http.post('/webhooks/ghl-workflow').send({}).expect(429);
    await world.http.post('/v1/leads').send({}).expect(429);
    await world.http.get('/v1/leads').expect(429);
    await world.http.get('/healthz').expect(200);
    expect((await world.http.get('/readyz').expect(503)).body).toMatchObject({ status: 'draining' });
    await world.service.stop();
    expect(world.client.inFlight).toBe(0);
  });
});
