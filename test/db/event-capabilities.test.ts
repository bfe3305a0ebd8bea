import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import {
  addWork,
  buryWork,
  claimDueWork,
  markWorkStarted,
  type NewWork,
  postponeWork,
} from '../../db/event-capabilities.ts';
import { withSystemRole } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await sql`truncate event_capabilities`.execute(database.ownerDb);
});

const agencyId = uuidv7();
const past = new Date(Date.now() - 60_000);
const work = (orderingKey: string, more: Partial<NewWork> = {}): NewWork => ({
  causeId: uuidv7(),
  agencyId,
  locationId: null,
  capability: 'lead-intake',
  orderingKey,
  workflowId: `workflow/${orderingKey}`,
  input: { orderingKey },
  dueAt: past,
  ...more,
});
const add = (items: NewWork[]) => withSystemRole(database.db, 'intake', (tx) => addWork(tx, items));
const claim = (more: Partial<{ limit: number; perLocation: number; leaseMs: number }> = {}) =>
  withSystemRole(database.db, 'relay', (tx) =>
    claimDueWork(tx, { limit: 100, perLocation: 100, leaseMs: 30_000, ...more }),
  );
const keysOf = (claimed: { orderingKey: string }[]) => claimed.map(({ orderingKey }) => orderingKey);
const endLeases = () =>
  sql`update event_capabilities set due_at = now() - interval '1 second'`.execute(database.ownerDb);

describe('addWork', () => {
  it('puts the same cause’s work in once, and what it asks of other workflows besides', async () => {
    const item = work('lead:1');
    await add([item, { ...item, workflowId: 'other' }]);
    await add([item]);
    expect(await claim()).toHaveLength(1);
    const rows = await database.ownerDb.selectFrom('event_capabilities').select('workflow_id').execute();
    expect(rows.map((row) => row.workflow_id).sort()).toEqual(['other', 'workflow/lead:1']);
  });
});

describe('claimDueWork', () => {
  it('is fair: a location with a long queue does not keep the others waiting', async () => {
    const [loud, quiet, agencyWide] = [uuidv7(), uuidv7(), null];
    await add(Array.from({ length: 50 }, (_, turn) => work(`loud:${turn}`, { locationId: loud })));
    await add([work('quiet:1', { locationId: quiet }), work('agency:1', { locationId: agencyWide })]);
    const claimed = keysOf(await claim({ limit: 10, perLocation: 4 }));
    expect(claimed).toContain('quiet:1');
    expect(claimed).toContain('agency:1');
    expect(claimed.filter((key) => key.startsWith('loud')).length).toBe(4);
  });

  it('is fair when there are more locations than the batch has rows', async () => {
    const quiet = uuidv7();
    for (let turn = 0; turn < 3; turn += 1) {
      const locationId = uuidv7();
      await add(Array.from({ length: 10 }, (_, each) => work(`loud-${turn}:${each}`, { locationId })));
    }
    await add([work('quiet:1', { locationId: quiet })]);
    expect(keysOf(await claim({ limit: 4, perLocation: 10 }))).toContain('quiet:1');
  });

  it('hands out the work of one key in order: the next only when the one before has gone', async () => {
    const items = ['a', 'b', 'c'].map((workflowId) => work('lead:1', { workflowId }));
    await add(items);
    for (const item of items) {
      const claimed = await claim();
      expect(claimed.map((each) => each.workflowId)).toEqual([item.workflowId]);
      expect(await claim()).toEqual([]);
      await withSystemRole(database.db, 'relay', (tx) => markWorkStarted(tx, item.causeId, item.workflowId));
    }
    expect(await claim()).toEqual([]);
  });

  it('does not let younger work past older work of its key that is not due', async () => {
    await add([work('lead:1', { workflowId: 'older', dueAt: new Date(Date.now() + 60_000) })]);
    await add([work('lead:1', { workflowId: 'younger' }), work('lead:2')]);
    expect(keysOf(await claim())).toEqual(['lead:2']);
  });

  it('gives a row to one of several relays', async () => {
    await add(Array.from({ length: 120 }, (_, turn) => work(`lead:${turn}`, { locationId: uuidv7() })));
    const batches = await Promise.all(Array.from({ length: 6 }, () => claim({ limit: 40 })));
    const all = keysOf(batches.flat());
    expect(new Set(all).size).toBe(all.length);
    for (let rest = await claim(); rest.length > 0; rest = await claim()) all.push(...keysOf(rest));
    expect(new Set(all).size).toBe(120);
  });

  it('skips what another relay is claiming this moment, without waiting for it', async () => {
    await add([work('lead:1'), work('lead:2')]);
    await withSystemRole(database.db, 'relay', async (tx) => {
      expect(keysOf(await claimDueWork(tx, { limit: 1, perLocation: 1, leaseMs: 30_000 }))).toEqual(['lead:1']);
      expect(keysOf(await claim({ limit: 1, perLocation: 2 }))).not.toContain('lead:1');
    });
  });

  it('gives it to another once the lease is over, and counts the attempts', async () => {
    await add([work('lead:1')]);
    expect(await claim({ leaseMs: 5_000 })).toMatchObject([{ attempts: 1 }]);
    expect(await claim()).toEqual([]);
    await endLeases();
    expect(await claim()).toMatchObject([{ attempts: 2, input: { orderingKey: 'lead:1' } }]);
  });

  it('takes all that is to be read of a contact with the first of it that is due, and nothing else along', async () => {
    const read = (contact: string, resource: string, more: Partial<NewWork> = {}) =>
      work(contact, {
        capability: 'contact-sync',
        input: { change: { resource, ghlId: `${contact}-${resource}` } },
        ...more,
      });
    const later = new Date(Date.now() + 60_000);
    await add([
      read('contact:1', 'contact'),
      read('contact:1', 'note', { dueAt: later }),
      read('contact:1', 'task', { dueAt: later }),
      work('contact:1', { capability: 'contact-sync', input: { editedContactId: 'e' } }),
      read('contact:2', 'contact', { dueAt: later }),
      work('lead:1', { workflowId: 'first' }),
      work('lead:1', { workflowId: 'second' }),
    ]);
    const claimed = await claim({ limit: 3, perLocation: 2 });
    expect(claimed.map(({ input, orderingKey }) => (input['change'] ?? orderingKey) as unknown)).toEqual([
      { resource: 'contact', ghlId: 'contact:1-contact' },
      { resource: 'note', ghlId: 'contact:1-note' },
      { resource: 'task', ghlId: 'contact:1-task' },
      'lead:1',
    ]);
    expect(new Set(claimed.map(({ attempts }) => attempts))).toEqual(new Set([1]));
    expect(await claim()).toEqual([]);
  });

  it('leaves alone what was postponed, until then, and what was buried, for good', async () => {
    await add([work('lead:1'), work('lead:2')]);
    const [first, second] = await claim();
    await withSystemRole(database.db, 'relay', async (tx) => {
      await postponeWork(tx, [first!.sequence], 60_000, 'away');
      await buryWork(tx, second!.sequence, 'refused');
    });
    expect(await claim()).toEqual([]);
    await endLeases();
    expect(keysOf(await claim())).toEqual(['lead:1']);
  });
});
