import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createUpkeepActivities } from '../../activities/upkeep.ts';
import { listAuditEntries, PLATFORM } from '../../db/audit-log.ts';
import { addWork } from '../../db/event-capabilities.ts';
import { ROWS_AT_ONCE } from '../../db/old-rows.ts';
import { eventRedriveWork } from '../../db/redrive-work.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { countDueRows } from '../../db/upkeep-plan.ts';
import { listUpkeepFigures } from '../../db/upkeep-figures.ts';
import { DEFAULT_RETENTION, STALE, type StaleKind, type TrimKind, TRIMS } from '../../domain/retention.ts';
import { ageTenant, endTenant, makeOldMonth, monthsOf, OLD_DAY, OLD_MONTH } from '../db/old-months.ts';
import { plantTenant, type Tenant } from '../db/plant-tenant.ts';
import { run } from '../stack/activity-bench.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { oldRowPlants } from './old-rows.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let upkeep: ReturnType<typeof createUpkeepActivities>;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  upkeep = createUpkeepActivities({ db: database.db, retention: DEFAULT_RETENTION });
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
  // Bodies of up to two years ago have their month.
  await sql`select ensure_month_partitions((current_date - 730)::date, 25)`.execute(database.ownerDb);
});
afterAll(() => database.drop());
afterEach(() => vi.useRealTimers());

const plan = () => run(upkeep.planUpkeep, undefined);
const stepOf = async (kind: TrimKind | StaleKind) => (await plan()).rows.find((each) => each.kind === kind)!;
const due = async (kind: TrimKind | StaleKind): Promise<number> => {
  const all = await withSystemRole(database.db, 'upkeep', (tx) => countDueRows(tx, DEFAULT_RETENTION.days));
  return all.find((each) => each.kind === kind)?.rows ?? 0;
};
const figureOf = async (kind: string): Promise<number> => {
  const all = await withSystemRole(database.db, 'upkeep', listUpkeepFigures);
  return all.find((each) => each.kind === kind)?.total ?? 0;
};

async function find({ table, key }: { table: string; key: Record<string, unknown> }) {
  const [[column, value]] = Object.entries(key) as [[string, unknown]];
  const { rows } = await sql<Record<string, unknown>>`
    select * from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(database.ownerDb);
  return rows[0];
}

describe('old rows', () => {
  it('are of every kind that is planned, what is half-way first', async () => {
    const { rows } = await plan();
    expect(rows.map(({ kind }) => kind)).toEqual([...STALE, ...TRIMS]);
  });

  it.each([...STALE, ...TRIMS])('of %s go when they are over and past their time, and nothing else', async (kind) => {
    const step = await stepOf(kind);
    const beyond = new Date(Date.now() - step.seconds * 1_000 - DAY_MS);
    const within = new Date(Date.now() - step.seconds * 1_000 + DAY_MS / 48);
    const [own, their] = [oldRowPlants(database, ours)[kind], oldRowPlants(database, theirs)[kind]];
    const gone = [await own(beyond, true), await their(beyond, true)];
    const kept = [
      await own(within, true),
      await their(within, true),
      await own(beyond, false),
      await their(beyond, false),
    ];
    const asTheyWere = await Promise.all(kept.map(find));
    const before = await figureOf(kind);
    expect(await due(kind)).toBe(2);
    const counts = await Promise.all([run(upkeep.removeOldRows, step), run(upkeep.removeOldRows, step)]);
    expect(counts[0] + counts[1]).toBe(2);
    expect(await run(upkeep.removeOldRows, step)).toBe(0);
    expect(await figureOf(kind)).toBe(before + 2);
    expect(await due(kind)).toBe(0);
    expect(await Promise.all(kept.map(find))).toEqual(asTheyWere);
    const left = await Promise.all(gone.map(find));
    if (kind in LEFT) for (const row of left) expect(row).toMatchObject(LEFT[kind]!);
    else expect(left).toEqual([undefined, undefined]);
  });

  /** What stays of a row that only loses something. */
  const LEFT: Partial<Record<TrimKind | StaleKind, object>> = {
    'event-bodies': { body: null, type: 'x', status: 'accepted' },
    'discard-reasons': { resolution: 'discarded', discard_reason: 'removed after its time' },
    'token-leases': { lease_owner: null, lease_until: null, status: 'active' },
    'connect-exchanges': { outcome: 'failed', code: null, answer: null, ended_at: expect.any(Date) as Date },
    'credential-trials': { outcome: 'failed', candidate: null, ended_at: expect.any(Date) as Date },
    'webhook-secrets': { previous_secret: null, previous_secret_until: null, state: 'enabled' },
  };

  it('are told of where somebody believes that a new token is still tried, once for each credential, unless a newer one is in place', async () => {
    const { ownerDb } = database;
    const lettersOf = async (...subjects: string[]) => {
      const letters = ownerDb.selectFrom('dead_letters').select(['agency_id', 'location_id', 'capability', 'cause']);
      return letters.where('subject_id', 'in', subjects).execute();
    };
    await ownerDb.deleteFrom('dead_letters').where('cause', 'like', 'rotation:%').execute();
    await ownerDb.deleteFrom('credential_rotations').execute();
    const [old, now] = [new Date(Date.now() - 8 * DAY_MS), new Date()];
    const tried = { made_by: 'x', created_at: old, candidate: Buffer.from('sealed') };
    const trial = async ({ agencyId }: Tenant, locationId: string | null, more: object = {}) =>
      ownerDb
        .insertInto('credential_rotations')
        .values({ ...tried, id: uuidv7(), agency_id: agencyId, location_id: locationId, ...more })
        .execute();
    await trial(ours, ours.nearId);
    await trial(ours, ours.nearId);
    await trial(ours, null);
    await trial(ours, null, { outcome: 'replaced', ended_at: now, candidate: null });
    await trial(theirs, theirs.nearId, { created_at: now });
    await run(upkeep.removeOldRows, await stepOf('credential-trials'));
    expect(await lettersOf(ours.nearId, ours.agencyId, theirs.nearId, theirs.agencyId)).toEqual([
      {
        agency_id: ours.agencyId,
        location_id: ours.nearId,
        capability: 'credential-rotation',
        cause: 'rotation:NeverEnded',
      },
    ]);
  });

  it('of one kind go to the last, however many batches it takes', async () => {
    const many = ROWS_AT_ONCE * 2 + 1;
    await sql`
      insert into ghl_budgets (agency_id, resource, state, updated_at)
      select ${ours.agencyId}, 'location/old-' || n, '{}', now() - interval '200 days' from generate_series(1, ${many}) n
    `.execute(database.ownerDb);
    expect(await run(upkeep.removeOldRows, await stepOf('budgets'))).toBe(many);
  });

  it('keep what an unread lead, waiting or buried work, or an open letter still needs', async () => {
    const { ownerDb } = database;
    const plant = oldRowPlants(database, ours);
    const at = new Date(Date.now() - 200 * DAY_MS);
    const body = async () => (await plant['event-bodies'](at, true)).key['id'] as string;
    const needed = { unread: await body(), waiting: await body(), buried: await body(), redriven: await body() };
    await sql`update leads set state = 'received', event_row_id = ${needed.unread} where agency_id = ${ours.agencyId}`.execute(
      ownerDb,
    );
    const workOf = async (cause: string, state: string) => {
      const { key } = await plant.inbox(at, false);
      await sql`update event_capabilities set cause_id = ${cause}, state = ${state}
        where cause_id = ${key['cause_id']}`.execute(ownerDb);
    };
    await workOf(needed.waiting, 'pending');
    await workOf(needed.buried, 'dead');
    const cause = { agencyId: ours.agencyId, locationId: null, letterId: uuidv7(), now: new Date() };
    await withScope(database.db, { agencyId: ours.agencyId }, (tx) =>
      addWork(tx, [eventRedriveWork(cause, { rowId: needed.redriven, receivedAt: at })]),
    );
    // Of work that was handed over, or buried, an operator may still ask.
    const asked = [await plant.inbox(at, true), await plant.inbox(at, true)];
    const [about, of] = asked.map(({ key }) => key['cause_id'] as string);
    await sql`update event_capabilities set state = 'dead' where cause_id = ${of}`.execute(ownerDb);
    await plant['dead-letters'](at, false);
    await sql`
      insert into dead_letters (id, agency_id, capability, cause, advice, subject_kind, subject_id, workflow_id)
      values (gen_random_uuid(), ${ours.agencyId}, 'x', 'x', 'x', 'event', ${about}, null),
        (gen_random_uuid(), ${ours.agencyId}, 'x', 'handover:x', 'x', 'workflow', 'elsewhere', ${of})`.execute(ownerDb);
    expect(await run(upkeep.removeOldRows, await stepOf('event-bodies'))).toBe(0);
    await run(upkeep.removeOldRows, await stepOf('inbox'));
    const bodies = await sql<{ id: string }>`select id from events where body is not null`.execute(ownerDb);
    expect(bodies.rows.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.values(needed)));
    expect((await Promise.all(asked.map(find))).map((row) => row?.['state'])).toEqual(['started', 'dead']);
  });
});

describe('months', () => {
  it('are made ahead when they are missing, once', async () => {
    const before = await monthsOf(database, 'events');
    const last = before.at(-1)!;
    await sql`drop table ${sql.id(`events_${last.slice(0, 7).replace('-', '_')}`)}`.execute(database.ownerDb);
    const made = await Promise.all([1, 2, 3].map(() => run(upkeep.makePartitions, undefined)));
    expect(made.sort()).toEqual([0, 0, 1]);
    expect(await monthsOf(database, 'events')).toEqual(before);
    expect(await figureOf('months')).toBe(1);
  });

  it('are over by the database’s clock, whatever a process has for the time', async () => {
    const before = (await plan()).months;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_000 * DAY_MS });
    expect((await plan()).months).toEqual(before);
  });

  it('that are over are planned and dropped once, counted and audited; one that holds an open lead, or cannot be noted, stays', async () => {
    await makeOldMonth(database);
    for (const { agencyId } of [ours, theirs]) {
      await ageTenant(database, agencyId, OLD_DAY);
      await endTenant(database, agencyId);
    }
    await sql`update dead_letters set resolved_at = now(), resolution = 'redriven' where resolved_at is null`.execute(
      database.ownerDb,
    );
    await sql`update event_capabilities set state = 'started'`.execute(database.ownerDb);
    const { months } = await plan();
    const old = months.filter(({ month }) => month === OLD_MONTH).map(({ table }) => table);
    expect(old).toEqual(['decisions', 'events', 'lead_timeline']);
    await sql`update leads set state = 'queued', closed_at = null where agency_id = ${theirs.agencyId}`.execute(
      database.ownerDb,
    );
    const month = { table: 'events' as const, month: OLD_MONTH };
    expect(await run(upkeep.dropMonth, month)).toBe('held');
    await endTenant(database, theirs.agencyId);
    const unnoted = sql`alter table audit_log add constraint no_notes check (action <> 'month.drop') not valid`;
    await unnoted.execute(database.ownerDb);
    await expect(run(upkeep.dropMonth, month)).rejects.toThrow();
    expect(await monthsOf(database, 'events')).toContain(OLD_MONTH);
    expect(await figureOf('events')).toBe(0);
    await sql`alter table audit_log drop constraint no_notes`.execute(database.ownerDb);
    const outcomes = await Promise.all([run(upkeep.dropMonth, month), run(upkeep.dropMonth, month)]);
    expect(outcomes.sort()).toEqual(['dropped', 'gone']);
    expect(await figureOf('events')).toBe(1);
    const filter = { agencyId: PLATFORM, subject: `month:events/${OLD_MONTH}`, limit: 5 };
    const acts = await withSystemRole(database.db, 'operators', (tx) => listAuditEntries(tx, filter));
    expect(acts).toMatchObject([{ actor: 'upkeep', action: 'month.drop' }]);
  });
});
