import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBrokenAuditLink } from '../../db/audit-log.ts';
import { addWork } from '../../db/event-capabilities.ts';
import { takeEvent } from '../../db/events.ts';
import { createLead } from '../../db/lead-intake.ts';
import { dropMonthPartition, findDroppedBefore } from '../../db/partitions.ts';
import { eventRedriveWork } from '../../db/redrive-work.ts';
import type { Database } from '../../db/schema.ts';
import { type SystemRole, withScope, withSystemRole } from '../../db/scope.ts';
import { listDueMonths } from '../../db/upkeep-plan.ts';
import { DEFAULT_RETENTION, type MonthlyTable } from '../../domain/retention.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { ageTenant, endTenant, makeOldMonth, monthsOf, OLD_DAY, OLD_MONTH } from './old-months.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
let turn = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  turn += 1;
  await makeOldMonth(database);
  ours = await plantTenant(database.ownerDb, `ours-${turn}`);
  theirs = await plantTenant(database.ownerDb, `theirs-${turn}`);
  for (const { agencyId } of [ours, theirs]) {
    await ageTenant(database, agencyId);
    await endTenant(database, agencyId);
  }
});

const drop = (table: MonthlyTable | 'messages', month = OLD_MONTH, role: SystemRole = 'upkeep') =>
  withSystemRole(database.db, role, (tx) => dropMonthPartition(tx, table as MonthlyTable, month));
const owner = (statement: ReturnType<typeof sql>) => statement.execute(database.ownerDb);

describe('dropping a month', () => {
  it.each(['events', 'decisions', 'lead_timeline'] as const)(
    'of %s takes it once, however many ask at once and again',
    async (table) => {
      const before = await monthsOf(database, table);
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => drop(table)));
      expect(outcomes.sort()).toEqual(['dropped', 'gone', 'gone', 'gone']);
      expect(await drop(table)).toBe('gone');
      expect(await monthsOf(database, table)).toEqual(before.filter((month) => month !== OLD_MONTH));
    },
  );

  it.each(['events', 'decisions', 'lead_timeline'] as const)(
    'of %s is refused as long as any tenant’s lead of it is open',
    async (table) => {
      await owner(sql`update leads set state = 'queued', closed_at = null where agency_id = ${theirs.agencyId}`);
      expect(await drop(table)).toBe('held');
      expect(await monthsOf(database, table)).toContain(OLD_MONTH);
      await endTenant(database, theirs.agencyId);
      expect(await drop(table)).toBe('dropped');
    },
  );

  it.each(['pending', 'dead'] as const)('of events is refused as long as %s work of it waits', async (state) => {
    await owner(sql`update event_capabilities set state = ${state} where agency_id = ${theirs.agencyId}`);
    expect(await drop('events')).toBe('held');
    await endTenant(database, theirs.agencyId);
    expect(await drop('events')).toBe('dropped');
  });

  it('of events is refused as long as a letter about one of them is open, and not for a letter about another', async () => {
    const letter = (subjectId: string) => ({
      id: uuidv7(),
      agency_id: ours.agencyId,
      capability: 'account-sync',
      cause: 'event:x',
      advice: 'x',
      subject_kind: 'event',
      subject_id: subjectId,
    });
    const { id } = await database.ownerDb
      .selectFrom('events')
      .select('id')
      .where('agency_id', '=', ours.agencyId)
      .executeTakeFirstOrThrow();
    await database.ownerDb
      .insertInto('dead_letters')
      .values([letter(id), letter(uuidv7())])
      .execute();
    expect(await drop('events')).toBe('held');
    await owner(sql`update dead_letters set resolved_at = now(), resolution = 'redriven' where subject_id = ${id}`);
    expect(await drop('events')).toBe('dropped');
  });

  it('of events is refused as long as one of them waits to be read again, whose letter is settled and whose work is new', async () => {
    const { id, received_at } = await database.ownerDb
      .selectFrom('events')
      .select(['id', 'received_at'])
      .where('agency_id', '=', theirs.agencyId)
      .executeTakeFirstOrThrow();
    const cause = { agencyId: theirs.agencyId, locationId: null, letterId: uuidv7(), now: new Date() };
    await withScope(database.db, { agencyId: theirs.agencyId }, (tx) =>
      addWork(tx, [eventRedriveWork(cause, { rowId: id, receivedAt: received_at })]),
    );
    expect(await drop('events')).toBe('held');
    await endTenant(database, theirs.agencyId);
    expect(await drop('events')).toBe('dropped');
  });

  it('is refused for a table whose months are kept, for a month that is too young, and to other roles', async () => {
    await expect(drop('messages')).rejects.toMatchObject({ code: '42501' });
    const now = new Date();
    for (const back of [0, 1, 2]) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 10);
      await expect(drop('events', month)).rejects.toMatchObject({ code: '22023' });
    }
    await expect(drop('events', '2024-01-02')).rejects.toMatchObject({ code: '22023' });
    for (const role of ['app', 'intake', 'relay', 'operators'] satisfies SystemRole[]) {
      await expect(drop('events', OLD_MONTH, role)).rejects.toMatchObject({ code: '42501' });
    }
    expect(await monthsOf(database, 'events')).toContain(OLD_MONTH);
  });

  it('gives up soon when the table is in use, and lets the work under way end', async () => {
    const insert = (db: Kysely<Database>) => {
      const event = { id: uuidv7(), source: 'ghl' as const, event_id: uuidv7(), type: 'x' };
      return db
        .insertInto('events')
        .values({ ...event, status: 'unknown-tenant' })
        .execute();
    };
    await database.ownerDb.transaction().execute(async (tx) => {
      await insert(tx);
      await expect(drop('events')).rejects.toMatchObject({ code: '55P03' });
      // Whoever waited behind the drop goes on now that it has given up.
      await insert(database.ownerDb);
    });
    expect(await drop('events')).toBe('dropped');
  });
});

describe('what is unique for ever', () => {
  it('outlives its month: the event is a repeat still, and its lead is not made again', async () => {
    const { agencyId, masterId, nearId } = ours;
    const taken = (receivedAt: Date) =>
      withSystemRole(database.db, 'intake', (tx) =>
        takeEvent(tx, {
          rowId: uuidv7(),
          source: 'ghl',
          eventId: `webhook-${turn}`,
          repeatWithinMs: null,
          receivedAt,
          agencyId,
          locationId: nearId,
          type: 'ContactCreate',
          status: 'accepted',
          ghlLocationId: null,
          ghlContactId: null,
          occurredAt: null,
          body: null,
        }),
      );
    const made = (eventReceivedAt: Date) =>
      withSystemRole(database.db, 'intake', (tx) =>
        createLead(tx, `contact:once-${turn}`, {
          id: uuidv7(),
          agencyId,
          intakeLocationId: masterId,
          source: 'ghl',
          triggerName: null,
          eventRowId: uuidv7(),
          eventReceivedAt,
          sourceContactId: null,
        }),
      );
    expect(await taken(OLD_DAY)).toBe(true);
    expect(await made(OLD_DAY)).toBe(true);
    await endTenant(database, agencyId);
    expect(await drop('events')).toBe('dropped');
    expect(await taken(new Date())).toBe(false);
    expect(await made(new Date())).toBe(false);
  });

  it('is known to have been dropped, so that nobody takes what is not found for what never was', async () => {
    await drop('lead_timeline');
    const before = await withScope(database.db, { agencyId: ours.agencyId }, (tx) =>
      findDroppedBefore(tx, 'lead_timeline'),
    );
    expect(before?.toISOString()).toMatch(/^2024-0(1-31|2-01)/);
  });
});

describe('months of the audit log', () => {
  it('go from the oldest on, without the head of any chain, and what is left is a whole chain', async () => {
    const { ownerDb } = database;
    await makeOldMonth(database, '2024-02-01');
    const chain = uuidv7();
    const quiet = uuidv7();
    const act = (agency_id: string, at: Date) =>
      ownerDb
        .insertInto('audit_log')
        .values({ id: uuidv7(), agency_id, at, actor: 'x', action: 'x', subject: 'x', origin: 'x' })
        .execute();
    await act(chain, OLD_DAY);
    await act(chain, new Date('2024-02-10'));
    await act(chain, new Date());
    await act(quiet, new Date('2024-02-10'));
    expect(await drop('audit_log', '2024-02-01')).toBe('held');
    expect(await drop('audit_log')).toBe('dropped');
    expect(await drop('audit_log', '2024-02-01')).toBe('held');
    await act(quiet, new Date());
    expect(await drop('audit_log', '2024-02-01')).toBe('dropped');
    for (const agencyId of [chain, quiet]) {
      expect(await withScope(database.db, { agencyId }, (tx) => findBrokenAuditLink(tx, agencyId))).toBeUndefined();
    }
  });
});

describe('the months that are due', () => {
  it('are those past what is kept of their own table', async () => {
    const due = (audit_log: number | null) =>
      withSystemRole(database.db, 'upkeep', (tx) =>
        listDueMonths(tx, { ...DEFAULT_RETENTION.months, audit_log }, new Date('2026-01-15T00:00:00Z')),
      );
    const named = (all: Awaited<ReturnType<typeof due>>) =>
      all.filter(({ month }) => month === OLD_MONTH).map(({ table }) => table);
    expect(named(await due(null))).toEqual(['events']);
    expect(named(await due(12))).toEqual(['audit_log', 'events']);
  });
});
