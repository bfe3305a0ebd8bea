import { afterAll, beforeAll, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { createApiKey } from '../../crypto/api-key.ts';
import { createApiKey as storeApiKey } from '../../db/api-keys.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type FaultStack, startFaultStack } from './fault-stack.ts';

/** More than a page of GHL's list, and many times the batch in which they are read. */
const COUNT = 600;

let stack: FaultStack;
let agency: PlantedAgency;
let key: string;
beforeAll(async () => {
  stack = await startFaultStack({ ownTemporal: false });
  agency = await stack.plant(smallAgency('one'));
  await stack.simulator.changeLocation('one-loc-back-bay', { rateLimit: { max: 10_000 } });
  await stack.simulator.seed({ contacts: oldContacts('one-loc-back-bay', COUNT) });
  const made = createApiKey();
  key = made.key;
  const stored = { id: uuidv7(), agencyId: agency.agencyId, locationId: null, role: 'agency' as const, name: 'test' };
  await stack.ownerDb.transaction().execute((tx) => storeApiKey(tx, { ...stored, hash: made.hash, expiresAt: null }));
  await Promise.all([stack.api.start(), stack.worker.start()]);
});
afterAll(() => stack.stop());

const partOf = (runId: string) =>
  stack.ownerDb.selectFrom('backfill_parts').selectAll().where('run_id', '=', runId).executeTakeFirst();

it('a backfill loses and repeats nothing when its worker is killed twice and Postgres stops between', async () => {
  // So slow that what is killed and stopped below meets a walk under way.
  await stack.simulator.addFault({ latencyMs: 100, path: '^/contacts/one-loc' });
  const answer = await fetch(`${stack.apiUrl}/v1/backfills`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ locationId: agency.locations.get('back-bay'), resources: ['contact'] }),
  });
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: string };
  const read = (count: number) =>
    waitFor(
      `${count} contacts to be read`,
      async () => {
        const part = await partOf(id);
        // A machine that is held up may see it only when all have been read and the check has begun.
        return part?.step === 'names' ? part.done >= count : part?.step?.startsWith('check') === true;
      },
      // A step that a killed worker had in hand is given out again only when its time is over.
      240_000,
    );
  await read(50);
  await stack.worker.kill();
  await stack.worker.start();
  await read(200);
  await stack.postgres.stop();
  await stack.postgres.start();
  await read(350);
  await stack.worker.kill();
  await stack.worker.start();
  await waitFor('the end', async () => (await partOf(id))?.ended_at, 240_000);
  expect(await partOf(id)).toMatchObject({
    state: 'done',
    listed: COUNT,
    checked: COUNT,
    stored: COUNT,
    missing: 0,
    different: 0,
    deleted: 0,
  });
  const db = stack.ownerDb;
  const backfills = createBackfillHarness(
    { database: { ownerDb: db, db }, simulator: stack.simulator } as never,
    agency,
  );
  expect(await backfills.mirrored('back-bay')).toEqual(await backfills.inGhl('back-bay'));
  // Each kill costs the reads under way and those of one batch, the absence of Postgres those of one batch.
  const { counts } = await stack.simulator.getCalls();
  const reads = Object.entries(counts).filter(([name]) => /GET \/contacts\/:/.test(name));
  const sum = reads.reduce((all, [, count]) => all + count, 0);
  expect(sum).toBeGreaterThanOrEqual(COUNT);
  expect(sum).toBeLessThanOrEqual(COUNT + 5 * 25);
}, 600_000);
