import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { type Postgres, startPostgres } from '../../scripts/stack/postgres.ts';
import { databaseUrl, prepareTemplate, TEMPLATE_DATABASE, TEST_LOGIN } from '../stack/template.ts';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';

let folder: string;
let postgres: Postgres;
let world: ApiWorld;

const start = (port: number): Promise<Postgres> =>
  startPostgres({ dataDir: join(folder, 'postgres'), port, unsafeAndFast: true, log: () => {} });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-api-'));
  postgres = await start(0);
  await prepareTemplate(postgres.ownerUrl);
  const url = databaseUrl(postgres.ownerUrl, TEMPLATE_DATABASE, TEST_LOGIN);
  const ownerUrl = databaseUrl(postgres.ownerUrl, TEMPLATE_DATABASE);
  const [db, ownerDb] = [createDatabase({ url }), createDatabase({ url: ownerUrl, poolSize: 2 })];
  const drop = async (): Promise<void> => {
    await db.destroy();
    await ownerDb.destroy();
  };
  world = await createApiWorld({}, () => Promise.resolve({ db, ownerDb, url, ownerUrl, drop }));
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('while Postgres is stopped', () => {
  it('every door answers 429 with Retry-After, refused signatures 401, and all is taken once it is back', async () => {
    const events = Array.from({ length: 20 }, () => contactCreate());
    await world.deliver(events[0]!).expect(200);
    const during = events.slice(1).map((event) => world.deliver(event));
    await postgres.stop();
    for (const answer of await Promise.all(during)) expect([200, 429]).toContain(answer.status);

    for (const event of events) {
      const answer = await world.deliver(event).expect(429);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.body).toMatchObject({ code: 'storage-unavailable' });
    }
    const door = world.http.post('/webhooks/ghl-workflow').set('x-switchyard-secret', world.agency.keys.webhook);
    await door.send({ email: 'a@example.com' }).expect(429);
    const auth = { authorization: `Bearer ${world.agency.keys.agency}`, 'idempotency-key': 'k' };
    await world.http.post('/v1/leads').set(auth).send({ email: 'a@example.com' }).expect(429);
    await world.http.get('/v1/leads').set(auth).expect(503);
    await world.http.post('/webhooks/ghl').send('{}').expect(401);
    await world.http.get('/readyz').expect(503);
    await world.http.get('/healthz').expect(200);
    await world.http.get('/metrics').expect(200);

    postgres = await start(postgres.port);
    await waitToPass(() => world.http.get('/readyz').expect(200));
    for (const event of events) await world.deliver(event).expect(200);
    const leads = await world.ownerDb.selectFrom('leads').select('source_contact_id').execute();
    expect(leads.map((lead) => lead.source_contact_id).sort()).toEqual(events.map((event) => event.id).sort());
    await waitToPass(() => expect(new Set(world.client.handovers.flatMap((each) => each.leadId ?? [])).size).toBe(20));
  });
});
