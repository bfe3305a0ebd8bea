import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { addWork, claimDueWork, markWorkStarted, postponeWork } from '../../db/event-capabilities.ts';
import { measureWaitingWork } from '../../db/inbox-measure.ts';
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

const BY_DESIGN = 'put-off';
const causes = new Map<string, string>();

/** Work that came in so many minutes ago. */
async function add(name: string, orderingKey: string, minutes: number): Promise<void> {
  const causeId = uuidv7();
  causes.set(name, causeId);
  const work = { causeId, agencyId: uuidv7(), locationId: null, orderingKey, workflowId: name, input: {} };
  await withSystemRole(database.db, 'intake', (tx) =>
    addWork(tx, [{ ...work, capability: 'lead-follow-up', dueAt: new Date(Date.now() - minutes * 60_000) }]),
  );
  const createdAt = new Date(Date.now() - minutes * 60_000);
  await database.ownerDb
    .updateTable('event_capabilities')
    .set({ created_at: createdAt })
    .where('cause_id', '=', causeId)
    .execute();
}
/** Takes what is due and puts that of this name off, as the relay does after a failure. */
const putOff = (name: string, cause: string) =>
  withSystemRole(database.db, 'relay', async (tx) => {
    const claimed = await claimDueWork(tx, { limit: 100, perLocation: 100, leaseMs: 1_000 });
    const { sequence } = claimed.find((work) => work.workflowId === name)!;
    await postponeWork(tx, [sequence], 600_000, cause);
  });
async function measured(): Promise<[number, number]> {
  const { pending, oldestMs } = await withSystemRole(database.db, 'relay', (tx) =>
    measureWaitingWork(tx, { byDesign: [BY_DESIGN] }),
  );
  return [pending, Math.floor(oldestMs / 60_000)];
}

it('tells since when the oldest work waits, also where it is tried again ever later', async () => {
  expect(await measured()).toEqual([0, 0]);
  await add('first', 'lead:1', 30);
  await add('second', 'lead:2', 10);
  expect(await measured()).toEqual([2, 30]);
  await putOff('first', 'temporal-unavailable');
  expect(await measured()).toEqual([2, 30]);
  await withSystemRole(database.db, 'relay', (tx) => markWorkStarted(tx, causes.get('first')!, 'first'));
  expect(await measured()).toEqual([1, 10]);
});

it('takes what waits by design, and what waits its turn behind it, for no inbox that stands still', async () => {
  await add('held', 'lead:1', 600);
  await putOff('held', BY_DESIGN);
  expect(await measured()).toEqual([1, 0]);
  await add('behind', 'lead:1', 500);
  expect(await measured()).toEqual([2, 0]);
  await add('another', 'lead:2', 5);
  expect(await measured()).toEqual([3, 5]);
});
