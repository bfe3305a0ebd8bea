import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUpkeep } from '../../api/upkeep.ts';
import { addWork } from '../../db/event-capabilities.ts';
import { withScope } from '../../db/scope.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { plantAgency } from '../../scripts/demo/plant-agency.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { enquire } from '../stack/enquire.ts';
import { smallAgency } from '../stack/small-agency.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const upkeep = () => createUpkeep({ db: database.db, logger: createTestLogger() });
const listPartitions = async (): Promise<string[]> => {
  const found = await sql<{ name: string }>`
    select relname as name from pg_class where relispartition and relkind = 'r' order by 1`.execute(database.ownerDb);
  return found.rows.map((row) => row.name);
};

describe('upkeep', () => {
  it('makes partitions that are missing, and nothing when it is repeated', async () => {
    const before = await listPartitions();
    const last = before.filter((name) => name.startsWith('events_20')).at(-1)!;
    await sql`drop table ${sql.id(last)}`.execute(database.ownerDb);
    await upkeep().run();
    expect(await listPartitions()).toEqual(before);
    await Promise.all([upkeep().run(), upkeep().run()]);
    expect(await listPartitions()).toEqual(before);
  });

  it('takes raw bodies out after 30 days, but not one that an unread lead or a waiting workflow still needs', async () => {
    const simulator = await startSimulator({ port: 0 });
    const keys = parseKeyRing(`1:${Buffer.alloc(32, 7).toString('base64')}`);
    const agency = await plantAgency(smallAgency('one'), {
      db: database.db,
      keys,
      simulator: createControlClient(simulator.url),
      app: { clientId: 'app-1', clientSecret: 'secret' },
      webhookUrl: null,
    });
    await simulator.close();
    await sql`select ensure_month_partitions((current_date - 62)::date, 3)`.execute(database.ownerDb);
    const leads: Record<string, string> = {};
    for (const name of ['young', 'old', 'unread', 'waiting']) {
      leads[name] = await enquire({ database, keys }, agency.agencyId, agency.locations.get('master')!, {
        email: `${name}@x.test`,
      });
    }
    for (const name of ['old', 'unread', 'waiting']) {
      await sql`update events set received_at = received_at - interval '40 days'
        where id = (select event_row_id from leads where id = ${leads[name]})`.execute(database.ownerDb);
    }
    await sql`update leads set state = 'routing' where id in (${leads['old']}, ${leads['waiting']})`.execute(
      database.ownerDb,
    );
    const { event_row_id: causeId } = await database.ownerDb
      .selectFrom('leads')
      .select('event_row_id')
      .where('id', '=', leads['waiting']!)
      .executeTakeFirstOrThrow();
    const { agencyId } = agency;
    const handover = { capability: 'lead-intake' as const, orderingKey: 'waiting', workflowId: 'waiting', input: {} };
    await withScope(database.db, { agencyId }, (tx) =>
      addWork(tx, [{ causeId, agencyId, locationId: null, ...handover, dueAt: new Date() }]),
    );
    await upkeep().run();
    const bodies = await sql<{ lead_id: string; has_body: boolean }>`
      select leads.id as lead_id, events.body is not null as has_body from leads join events on events.id = leads.event_row_id`.execute(
      database.ownerDb,
    );
    const hasBody = new Map(bodies.rows.map((row) => [row.lead_id, row.has_body]));
    const kept = Object.fromEntries(Object.entries(leads).map(([name, id]) => [name, hasBody.get(id)]));
    expect(kept).toEqual({ young: true, old: false, unread: true, waiting: true });
  });
});
