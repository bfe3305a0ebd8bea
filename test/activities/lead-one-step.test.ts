import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { readShown } from './lead-moves.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

/** What the mirror holds of what was written for a lead, without when it was seen. */
async function mirrored({ assignmentId }: HeldLead) {
  const { ownerDb } = all.bench.database;
  const written = await ownerDb
    .selectFrom('assignments')
    .selectAll()
    .where('id', '=', assignmentId)
    .executeTakeFirstOrThrow();
  const { ghl_contact_id, ghl_note_id, ghl_task_id, ghl_opportunity_id } = written;
  const columns = ['ghl_id', 'fields', 'ghl_created_at', 'ghl_updated_at', 'found_by', 'deleted_at'] as const;
  const contacts = ownerDb.selectFrom('contacts').select([...columns, 'is_exact']);
  const records = ownerDb.selectFrom('mirror_records').select([...columns, 'ghl_contact_id', 'resource']);
  return {
    contact: await contacts.where('ghl_id', '=', ghl_contact_id).execute(),
    records: await records
      .where('ghl_id', 'in', [ghl_note_id, ghl_task_id, ghl_opportunity_id])
      .orderBy('resource')
      .execute(),
  };
}

describe('a lead that is assigned in one step', () => {
  it('has one contact and stands as if it had been placed and confirmed, however often that is repeated', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    const standing = await expectToRepeat(bench, all, bench.ghl.assignLead, held);
    expect(standing).toMatchObject({ status: 'assigned', assignmentId: held.assignmentId });
    expect(await agency.get(held.leadId)).toMatchObject({ state: 'assigned' });
    const { assignment, contact } = await readShown(all, held);
    expect(assignment).toMatchObject({ state: 'active', ghl_contact_id: contact.id });
    expect(await run(bench.leads.confirmAssignment, held)).toEqual(standing);
  });

  it.each(['failAfterCommit', 'cutAfterCommit'] as const)(
    'is assigned by the next attempt, with the contact of the first, when GHL’s answer is lost (%s)',
    async (effect) => {
      const { bench, agency } = all;
      const held = await agency.reserved(somebody('02116'));
      await bench.simulator.addFault({ [effect]: true, times: 1, path: '/contacts/upsert', method: 'POST' });
      expect(await failureOf(run(bench.ghl.assignLead, held))).toMatchObject({ type: 'GhlUnavailable' });
      expect(await agency.get(held.leadId)).toMatchObject({ state: 'routing', assigned_at: null });
      await run(bench.ghl.assignLead, held, { attempt: 2 });
      const { contact } = await readShown(all, held);
      const contacts = await bench.simulator.listContacts(agency.ghlLocation('back-bay'));
      expect(contacts.filter(({ email }) => email === contact.email)).toHaveLength(1);
    },
  );

  it('remembers the contact, and no more, where the lead was closed while GHL was asked', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await bench.simulator.addFault({ latencyMs: 1_000, path: '/contacts/upsert' });
    const assigning = run(bench.ghl.assignLead, held);
    await expect.poll(async () => (await bench.simulator.listFaults()).some(({ struck }) => struck > 0)).toBe(true);
    await run(bench.leads.closeLead, { ...held, closeReason: 'lost' as const, actor: 'test' });
    expect(await assigning).toMatchObject({ status: 'closed' });
    expect((await agency.assignments(held.leadId)).map(({ state }) => state)).toEqual(['released']);
    const [assignment] = await agency.assignments(held.leadId);
    expect(assignment?.ghl_contact_id).not.toBeNull();
  });
});

describe('a lead that is told in one step', () => {
  it('has one note, one opportunity and one task, whichever answers of GHL are lost', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await run(bench.ghl.assignLead, held);
    const paths = ['/notes', '/opportunities/upsert', '/tasks'];
    for (const path of paths) await bench.simulator.addFault({ cutAfterCommit: true, times: 1, path, method: 'POST' });
    const failed = await failureOf(run(bench.ghl.tellLead, held, { attempt: 1 }));
    expect(failed).toMatchObject({ type: 'GhlUnavailable' });
    await run(bench.ghl.tellLead, held, { attempt: 2 });
    const { notes, tasks, opportunities } = await readShown(all, held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
    await expectToRepeat(bench, all, bench.ghl.tellLead, held);
  });
});

describe('a lead that is assigned and told in one step', () => {
  it('has its rep, one note, one opportunity and one task, however often that is repeated', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    const { standing, isTold } = await expectToRepeat(bench, all, bench.ghl.assignAndTellLead, held);
    expect(standing).toMatchObject({ status: 'assigned', assignmentId: held.assignmentId });
    expect(isTold).toBe(true);
    const { notes, tasks, opportunities } = await readShown(all, held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
  });

  it('has its opportunities looked for only where its contact is not new', async () => {
    const { bench, agency } = all;
    const countLooks = async (): Promise<number> => {
      const { counts } = await bench.simulator.getCalls();
      const looks = Object.entries(counts).filter(([call]) => call.startsWith('GET /opportunities/search'));
      return looks.reduce((sum, [, count]) => sum + count, 0);
    };
    const person = somebody('02116');
    const before = await countLooks();
    const first = await agency.reserved(person);
    await run(bench.ghl.assignAndTellLead, first);
    expect(await countLooks()).toBe(before);
    await run(bench.leads.closeLead, { ...first, closeReason: 'won' as const, actor: 'test' });
    const [won] = (await readShown(all, first)).opportunities;
    await bench.simulator.updateOpportunity(won!.id, { status: 'won' });

    const second = await agency.reserved(person);
    await run(bench.ghl.assignAndTellLead, second);
    expect(await countLooks()).toBe(before + 1);
    const { opportunities } = await readShown(all, second);
    expect(opportunities.map(({ status }) => status).sort()).toEqual(['open', 'won']);
  });

  it.each(['/notes', '/opportunities/upsert', '/tasks'])(
    'is assigned although an answer of GHL’s is lost (%s), and told once by who looks for it',
    async (path) => {
      const { bench, agency } = all;
      const held = await agency.reserved(somebody('02116'));
      await bench.simulator.addFault({ cutAfterCommit: true, times: 1, path, method: 'POST' });
      const { standing, isTold } = await run(bench.ghl.assignAndTellLead, held);
      expect([standing?.status, isTold]).toEqual(['assigned', false]);
      await run(bench.ghl.tellLead, { ...held, isTried: true });
      const { notes, tasks, opportunities } = await readShown(all, held);
      expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
    },
  );

  it('is assigned, and its telling left to its own step, when GHL was slow to take the contact', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await bench.simulator.addFault({ latencyMs: 5_100, path: '/contacts/upsert' });
    const { standing, isTold } = await run(bench.ghl.assignAndTellLead, held);
    expect([standing?.status, isTold]).toEqual(['assigned', false]);
    expect((await readShown(all, held)).notes).toEqual([]);
  });
});

describe('a rep', () => {
  const pipeline = {
    id: ghlIds.pipeline('one', 'back-bay'),
    locationId: ghlIds.location('one', 'back-bay'),
    name: 'Sales',
    stages: [{ id: ghlIds.stage('one', 'back-bay'), name: 'New' }],
  };
  const moveTo = (location: string) =>
    all.bench.simulator.seed({ pipelines: [{ ...pipeline, locationId: ghlIds.location('one', location) }] });
  afterEach(() => moveTo('back-bay'));

  it('hears of a lead whose pipeline is gone, once, and the opportunity follows when it is back', async () => {
    const { bench, agency } = all;
    await moveTo('cambridge');
    const held = await agency.placed(somebody('02116'));
    for (const attempt of [1, 2])
      expect(await failureOf(run(bench.ghl.tellLead, held, { attempt }))).toMatchObject({
        type: 'PipelineGone',
        nonRetryable: true,
      });
    const told = await readShown(all, held);
    expect([told.notes.length, told.tasks.length, told.opportunities.length]).toEqual([1, 1, 0]);
    await moveTo('back-bay');
    await run(bench.ghl.tellLead, held);
    const { notes, tasks, opportunities } = await readShown(all, held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
  });

  it('hears of a lead before its opportunity, which GHL cannot make now, and where its note is refused', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    await bench.simulator.addFault({ path: '/opportunities', status: 503 });
    expect(await failureOf(run(bench.ghl.tellLead, held))).toMatchObject({ type: 'GhlUnavailable' });
    expect((await readShown(all, held)).tasks).toHaveLength(1);
    await bench.simulator.clearFaults();
    const other = await agency.placed(somebody('02116'));
    await bench.simulator.addFault({ path: '/notes', status: 400, method: 'POST' });
    expect(await failureOf(run(bench.ghl.tellLead, other))).toMatchObject({ type: 'GhlInvalid', nonRetryable: true });
    await bench.simulator.clearFaults();
    const { tasks, opportunities } = await readShown(all, other);
    expect([tasks.length, opportunities.length]).toEqual([1, 1]);
  });
});

describe('a mirror that will not have what was made', () => {
  const refuse = (table: string) =>
    sql`alter table ${sql.table(table)} add constraint refused check (found_by <> 'edit') not valid`.execute(
      all.bench.database.ownerDb,
    );
  const mend = (table: string) =>
    sql`alter table ${sql.table(table)} drop constraint if exists refused`.execute(all.bench.database.ownerDb);
  afterEach(async () => {
    for (const table of ['contacts', 'mirror_records']) await mend(table);
  });

  it('keeps no lead from its rep: the contact is remembered, and confirming is left to its own step', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await refuse('contacts');
    expect(await run(bench.ghl.assignLead, held)).toBeNull();
    const { assignment, contact } = await readShown(all, held);
    expect(assignment).toMatchObject({ state: 'reserved', ghl_contact_id: contact.id });
    expect(await run(bench.leads.confirmAssignment, held)).toMatchObject({ status: 'assigned' });
  });

  it('keeps no rep from being told, once', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await run(bench.ghl.assignLead, held);
    await refuse('mirror_records');
    await run(bench.ghl.tellLead, held);
    const { notes, tasks, opportunities, assignment } = await readShown(all, held);
    expect([notes.length, tasks.length, opportunities.length]).toEqual([1, 1, 1]);
    expect(assignment).toMatchObject({ ghl_note_id: notes[0]?.id, ghl_task_id: tasks[0]?.id });
    expect((await mirrored(held)).records).toEqual([]);
  });
});

describe('what the steps of a lead have made in GHL', () => {
  it('is in the mirror as reading it brings it there', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved({ ...somebody('02116'), phone: '(617) 555-0142' });
    await run(bench.ghl.assignLead, held);
    await run(bench.ghl.tellLead, held);
    const written = await mirrored(held);
    expect(written.contact).toMatchObject([{ found_by: 'edit', is_exact: true, deleted_at: null }]);
    expect(written.records.map(({ resource }) => resource)).toEqual(['note', 'opportunity', 'task']);
    const ghlContactId = written.contact[0]!.ghl_id!;
    const changes = [
      { resource: 'contact' as const, ghlId: ghlContactId, ghlContactId },
      ...written.records.map(({ resource, ghl_id: ghlId }) => ({ resource: resource as 'note', ghlId, ghlContactId })),
    ];
    const of = { agencyId: held.agencyId, locationId: agency.location('back-bay') };
    expect(await run(bench.contactsGhl.readChanges, { ...of, changes })).toMatchObject({ read: 4 });
    expect(await mirrored(held)).toEqual(written);
  });
});
