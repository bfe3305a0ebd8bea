import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  checkDeletions,
  checkDrift,
  compareAll,
  findMissingLeads,
  findRepeatedEffects,
  judgeReport,
} from '../../bench/mirror/checks.ts';
import { findDoubled } from '../../bench/mirror/comparison.ts';
import { describeProof, judgeProof } from '../../bench/mirror/judge.ts';
import { type ProofOutcome, type ProofRun, runProof } from '../../bench/mirror/run.ts';
import { type ProofStack, startProofStack } from '../../bench/mirror/stack.ts';
import { scaleTime } from '../../bench/mirror/time-scale.ts';
import { hearLogFile, hearMetrics } from '../leaks/hear-processes.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestNamespace, endSchedulesOf } from '../stack/namespace.ts';

/** The proof of `npm run bench -- mirror`, small: one worker is killed, and so little happens that more of it goes wrong. */
const FACTOR = 40;
const run: ProofRun = {
  ...{
    locations: 3,
    contacts: 60,
    messages: 360,
    changes: 60,
    perSecond: 5,
    kills: 1,
    dropRate: 0.2,
    duplicateRate: 0.1,
  },
  time: scaleTime(FACTOR),
  timeoutMs: 240_000,
};

let database: TestDatabase;
let stack: ProofStack;
let outcome: ProofOutcome;
beforeAll(async () => {
  database = await createTestDatabase();
  const { url, ownerUrl } = database;
  const temporalAddress = inject('temporalAddress');
  stack = await startProofStack({
    servers: { url, ownerUrl, temporalAddress, namespace: await createTestNamespace(temporalAddress) },
    programs: inject('programs'),
    folder: join(import.meta.dirname, '..', '..', '.switchyard', 'test', `${process.pid}-proof`),
    bundlePath: inject('workflowBundlePath'),
    seed: process.env['PROOF_SEED'] ?? 'small',
    factor: FACTOR,
    logLevel: 'trace',
    log: () => {},
    onProcessEnd: hearLogFile,
  });
});
afterAll(async () => {
  await outcome?.quiet.close();
  await hearMetrics(`${stack.apiUrl}/metrics`);
  await stack.stop();
  await endSchedulesOf(stack.temporalAddress, stack.namespace);
  await database.drop();
});

it('the mirror is GHL’s, nothing is doubled or wrongly deleted, and gaps are named, after all that can go wrong', async () => {
  outcome = await runProof(stack, run, () => {});
  const result = await judgeProof(stack, outcome, run);
  const failed = result.checks.filter(({ passed }) => !passed);
  expect(failed, describeProof(result).join('\n')).toEqual([]);
  // What is proved has happened.
  const { webhooks, changes, gaps, marks, rows } = result.figures;
  for (const fate of ['dropped', 'doubled', 'reordered'] as const) expect(webhooks[fate]).toBeGreaterThan(0);
  for (const kind of ['merge', 'delete', 'create', 'message']) expect(changes[kind]).toBeGreaterThan(0);
  expect(gaps.named).toBeGreaterThan(0);
  expect(marks).toBeGreaterThan(0);
  expect(rows['contact']).toBeGreaterThan(150);
}, 400_000);

describe('the same checks, when something is wrong', () => {
  const locationId = (): string => outcome.world.locations[1]!.id;
  const differing = async () => (await compareAll(stack, outcome.world, outcome.report)).differences;
  const anyContact = async (): Promise<string> => {
    const found = await sql<{ ghl_id: string }>`
      select ghl_id from contacts where location_id = ${locationId()} and deleted_at is null order by ghl_id limit 1
    `.execute(stack.ownerDb);
    return found.rows[0]!.ghl_id;
  };

  it('name a field that differs', async () => {
    const ghlId = await anyContact();
    await sql`update contacts set fields = jsonb_set(fields, '{city}', '"Elsewhere"') where ghl_id = ${ghlId}`.execute(
      stack.ownerDb,
    );
    expect(await differing()).toEqual([{ resource: 'contact', kind: 'city', ghlId }]);
  });

  it('find a mark of deletion that was wrong for a moment', async () => {
    const ghlId = await anyContact();
    await sql`update contacts set deleted_at = now() where ghl_id = ${ghlId}`.execute(stack.ownerDb);
    await sql`update contacts set deleted_at = null where ghl_id = ${ghlId}`.execute(stack.ownerDb);
    const { check } = await checkDeletions(stack, outcome.report);
    expect(check).toMatchObject({ passed: false, problems: [`1 × contact never-removed: ${ghlId}`] });
  });

  it('find a message that stands in two months, a note that was written twice, and a contact without its lead', async () => {
    const { ownerDb, simulator } = stack;
    const { world, report } = outcome;
    const doubled = await sql<{ ghl_id: string }>`
      insert into messages (agency_id, location_id, ghl_id, ghl_contact_id, ghl_created_at, fields, observed_at, found_by)
      select agency_id, location_id, ghl_id, ghl_contact_id, ghl_created_at - interval '40 days', fields, observed_at, found_by
      from messages where location_id = ${locationId()} order by ghl_id limit 1 returning ghl_id
    `.execute(ownerDb);
    expect(await findDoubled(ownerDb, world.agencyId)).toEqual([
      { resource: 'message', kind: 'rows', ghlId: doubled.rows[0]!.ghl_id },
    ]);
    const contactId = await anyContact();
    const note = { contactId, locationId: world.locations[1]!.ghlId, body: 'Twice' };
    await simulator.seed({ notes: [note, note] });
    expect(await findRepeatedEffects(stack)).toEqual([{ resource: 'note', kind: 'repeated', ghlId: contactId }]);
    const lead = await sql<{ id: string }>`
      update leads set source_contact_id = null
      where source_contact_id = (select min(source_contact_id) from leads where intake_location_id = ${world.intake.id})
      returning id
    `.execute(ownerDb);
    expect(lead.rows).toHaveLength(1);
    expect(await findMissingLeads(stack, world, report)).toHaveLength(1);
  });

  it('find that gaps are not reported', async () => {
    const { world, report, watched } = outcome;
    const before = await judgeReport(stack, world, report, watched);
    expect(before.missed).toEqual([]);
    // Polling goes on and would note them again.
    const tx = await stack.ownerDb.startTransaction().execute();
    await sql`lock table webhook_gaps in exclusive mode`.execute(tx);
    await sql`delete from webhook_gaps where told_at is null`.execute(tx);
    const after = await judgeReport({ ...stack, ownerDb: tx }, world, report, watched);
    await tx.rollback().execute();
    expect(after.missed.length).toBeGreaterThan(0);
    expect(after.named).toBe(0);
  });

  it('find drift that a reconciliation counts', async () => {
    const { world, quiet } = outcome;
    const location = world.locations[1]!;
    const ghlId = await anyContact();
    await sql`update contacts set ghl_id = 'never-was' where ghl_id = ${ghlId}`.execute(stack.ownerDb);
    await quiet.askForSweeps(false);
    await quiet.sweepsEnded({ timeoutMs: run.timeoutMs });
    const check = checkDrift([{ location, drift: await quiet.readDrift(location) }]);
    expect(check.passed).toBe(false);
    expect(check.problems.join()).toContain('contact missingThere');
  }, 260_000);
});
