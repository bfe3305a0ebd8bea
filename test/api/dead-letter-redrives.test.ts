import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seal } from '../../crypto/seal.ts';
import { plantLead } from '../cli/plant-lead.ts';
import { waitFor } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld, keyRing } from './api-world.ts';
import { createLetterHarness, type LetterHarness } from './letter-harness.ts';

let world: ApiWorld;
let letters: LetterHarness;
beforeAll(async () => {
  world = await createApiWorld();
  letters = createLetterHarness(world);
});
afterAll(() => world.close());
beforeEach(() => letters.empty());

const lead = (closed = false) => {
  const { agencyId, branch, rep } = world.agency;
  return plantLead(world.ownerDb, { agencyId, locationId: branch.id, repId: rep.id, closed });
};
const stuck = async (leadId: string) =>
  letters.letter({
    cause: 'stuck',
    subject: { kind: 'lead', id: leadId },
    workflowId: `lead-intake/${world.agency.agencyId}/${leadId}`,
  });
/** Two messages to one lead that are buried, and the letter of each. */
async function bury(): Promise<{ leadId: string; ids: string[] }> {
  const { agencyId, branch } = world.agency;
  const leadId = await lead();
  const workflowId = `lead-intake/${agencyId}/${leadId}`;
  const ids: string[] = [];
  for (const kind of ['location-uninstalled', 'location-connected']) {
    const causeId = uuidv7();
    const change = kind === 'location-uninstalled' ? { kind, locationId: branch.id } : { kind };
    const place = { agency_id: agencyId, location_id: branch.id, fairness_key: branch.id };
    await world.ownerDb
      .insertInto('event_capabilities')
      .values({
        ...place,
        cause_id: causeId,
        capability: 'lead-follow-up',
        ordering_key: `lead:${leadId}`,
        workflow_id: workflowId,
        input: JSON.stringify({ agencyId, leadId, change }),
        state: 'dead',
        attempts: 6,
        due_at: new Date(),
      })
      .execute();
    const subject = { kind: 'event' as const, id: causeId };
    ids.push(await letters.letter({ capability: 'lead-follow-up', cause: 'handover:Error', subject, workflowId }));
  }
  return { leadId, ids };
}

describe('POST /v1/dead-letters/:id/redrive', () => {
  it('brings a lead back that has lost its workflow, once, and writes down who did it', async () => {
    world.client.fate = 'broken';
    const leadId = await lead();
    const id = await stuck(leadId);
    const answers = await Promise.all([letters.redrive(id), letters.redrive(id)]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const outcomes = answers.map((answer) => (answer.body as { outcome: string }).outcome).sort();
    expect(outcomes).toEqual(['already-redriven', 'redriven']);
    expect(await letters.handed('resetLead')).toMatchObject({ leadId });
    await letters.nothingPending();
    expect(world.client.handovers).toHaveLength(1);
    expect(await letters.stored(id)).toMatchObject({ resolution: 'redriven' });
    const shown = (await letters.get(`/${id}`)).body as { acts: object[] };
    expect(shown.acts).toMatchObject([{ action: 'dead-letter.redrive', subject: `dead-letter:${id}` }]);
  });

  it('leaves a lead alone whose workflow runs, and one that is over', async () => {
    world.client.fate = 'running';
    const running = await stuck(await lead());
    expect((await letters.redrive(running)).status).toBe(202);
    await letters.nothingPending();
    const over = await stuck(await lead(true));
    expect((await letters.redrive(over)).body).toMatchObject({ status: 409, code: 'lead-closed' });
    expect(world.client.handovers).toEqual([]);
    expect(await letters.stored(over)).toMatchObject({ resolved_at: null });
  });

  it('puts what was buried back at its old place, all of it that goes in order, and names its other letters', async () => {
    const { ids } = await bury();
    const answer = await letters.redrive(ids[1]!);
    expect(answer.body).toMatchObject({ outcome: 'redriven', way: 'inbox', alsoSettles: [ids[0]] });
    await letters.nothingPending();
    expect(world.client.handovers.map(({ kind }) => kind)).toEqual(['location-uninstalled', 'location-connected']);
    for (const id of ids) expect(await letters.stored(id)).toMatchObject({ resolution: 'redriven' });
  });

  it('reads a body again that an older version did not understand: it makes the lead that it asked for', async () => {
    const { agencyId, master } = world.agency;
    await world.deliver({ type: 'ContactCreate', id: 7, webhookId: randomUUID() }).expect(200);
    const letter = await world.ownerDb.selectFrom('dead_letters').selectAll().executeTakeFirstOrThrow();
    expect(letter.cause).toBe('unparseable:payload');
    const contact = contactCreate({ locationId: master.ghlId });
    const owner = { agencyId, locationId: master.id, purpose: 'event-body' };
    const body = seal(keyRing, Buffer.from(JSON.stringify(contact)), owner);
    await world.ownerDb.updateTable('events').set({ body }).where('id', '=', letter.subject_id).execute();
    expect((await letters.redrive(letter.id)).body).toMatchObject({ outcome: 'redriven', way: 'read-event' });
    expect(await letters.handed('startLeadIntake')).toMatchObject({ locationId: master.id });
    expect(
      await world.ownerDb.selectFrom('dead_letters').select('id').where('resolved_at', 'is', null).execute(),
    ).toEqual([]);
  });

  it('comes back as a new letter when the body cannot be read still, and refuses when it is gone', async () => {
    await world.deliver({ type: 'ContactCreate', id: 8, webhookId: randomUUID() }).expect(200);
    const letter = await world.ownerDb.selectFrom('dead_letters').selectAll().executeTakeFirstOrThrow();
    expect((await letters.redrive(letter.id)).status).toBe(202);
    const again = await waitFor('the new letter', () =>
      world.ownerDb.selectFrom('dead_letters').selectAll().where('resolved_at', 'is', null).executeTakeFirst(),
    );
    expect(again).toMatchObject({ cause: 'unparseable:payload', agency_id: world.agency.agencyId });
    await world.ownerDb.updateTable('events').set({ body: null }).where('id', '=', again.subject_id).execute();
    expect((await letters.redrive(again.id)).body).toMatchObject({ status: 409, code: 'event-gone' });
  });

  it('hands an event of an account to its workflow once more', async () => {
    const { agencyId, master } = world.agency;
    await world
      .deliver({ type: 'UserUpdate', id: 'user-1', webhookId: randomUUID(), locationId: master.ghlId })
      .expect(200);
    await letters.handed('accountEvent');
    await letters.nothingPending();
    const event = await world.ownerDb
      .selectFrom('events')
      .select('id')
      .where('type', '=', 'UserUpdate')
      .where('agency_id', '=', agencyId)
      .executeTakeFirstOrThrow();
    world.client.handovers = [];
    const subject = { kind: 'event' as const, id: event.id };
    const id = await letters.letter({ capability: 'account-sync', cause: 'event:Broken', subject, locationId: null });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'account-event' });
    expect(await letters.handed('accountEvent')).toMatchObject({ locationId: master.id });
    const unknown = { kind: 'event' as const, id: uuidv7() };
    const gone = await letters.letter({ capability: 'account-sync', cause: 'reread:X', subject: unknown });
    expect((await letters.redrive(gone)).body).toMatchObject({ status: 409, code: 'event-gone' });
  });

  it('hands the INSTALL of a location over once more whose token could not be had', async () => {
    const { branch, companyId } = world.agency;
    const install = { type: 'INSTALL', appId: 'app', companyId, locationId: branch.ghlId, webhookId: randomUUID() };
    await world.deliver(install).expect(200);
    await letters.handed('accountEvent');
    await letters.nothingPending();
    world.client.handovers = [];
    const subject = { kind: 'location' as const, id: branch.id };
    const id = await letters.letter({ capability: 'account-sync', cause: 'install:GhlForbidden', subject });
    expect((await letters.redrive(id)).body).toMatchObject({ way: 'install-event' });
    expect(await letters.handed('accountEvent')).toMatchObject({ locationId: branch.id });
  });

  it('says why not where nothing can be set going, and knows nothing of a neighbour’s', async () => {
    const id = await letters.letter();
    const refused = await letters.redrive(id);
    expect(refused.body).toMatchObject({ status: 409, code: 'ask-again' });
    expect((refused.body as { detail: string }).detail).toContain('asks again');
    const theirs = await letters.letter({ cause: 'unroutable:X' }, world.neighbour);
    expect((await letters.redrive(theirs)).body).toMatchObject({ status: 404, code: 'no-such-dead-letter' });
    const elsewhere = await letters.letter({ locationId: world.agency.master.id });
    expect((await letters.post(`/${elsewhere}/redrive`, {}, world.agency.keys.branch)).status).toBe(404);
    expect(await letters.stored(theirs)).toMatchObject({ resolved_at: null });
  });
});

describe('POST /v1/dead-letters/redrive', () => {
  it('says what would happen and does nothing, unless it is told to', async () => {
    world.client.fate = 'broken';
    const ids = [await stuck(await lead()), await stuck(await lead()), await stuck(await lead(true))];
    await letters.letter();
    const theirs = await letters.letter({ cause: 'unroutable:X' }, world.neighbour);
    const dry = await letters.post('/redrive', { capability: 'lead-intake' });
    const groups = [
      { cause: 'stuck', outcome: 'redriven', code: 'lead', letters: 2 },
      { cause: 'stuck', outcome: 'refused', code: 'lead-closed', letters: 1 },
      { cause: 'step:reassign:X', outcome: 'refused', code: 'ask-again', letters: 1 },
    ];
    expect(dry.body).toMatchObject({ dryRun: true, groups, remaining: 0, nextCursor: null });
    expect(await world.ownerDb.selectFrom('event_capabilities').select('sequence').execute()).toEqual([]);
    for (const id of ids) expect(await letters.stored(id)).toMatchObject({ resolved_at: null });
    const acts = world.ownerDb
      .selectFrom('audit_log')
      .select('id')
      .where(
        'subject',
        'in',
        ids.map((id) => `dead-letter:${id}`),
      );
    expect(await acts.execute()).toEqual([]);

    const done = await letters.post('/redrive', { capability: 'lead-intake', dryRun: false });
    expect(done.body).toMatchObject({ dryRun: false, groups });
    await letters.nothingPending();
    expect(world.client.handovers.map(({ method }) => method)).toEqual(['resetLead', 'resetLead']);
    expect(await acts.execute()).toHaveLength(2);
    expect(await letters.stored(theirs)).toMatchObject({ resolved_at: null });
  });

  it('counts letters of the same work once, and says what goes along, in a dry run as when it is done', async () => {
    const [{ leadId, ids }, other] = [await bury(), await bury()];
    const handovers = [
      { cause: 'handover:Error', outcome: 'redriven', code: 'inbox', letters: 2, alsoSettles: 2 },
      { cause: 'handover:Error', outcome: 'settled-along', letters: 2, alsoSettles: 0 },
    ];
    const filter = { cause: 'handover:' };
    expect((await letters.post('/redrive', filter)).body).toMatchObject({ dryRun: true, groups: handovers });
    // What goes along with the first is not among those that remain.
    const first = await letters.post('/redrive', { ...filter, limit: 1 });
    expect(first.body).toMatchObject({ groups: [{ letters: 1, alsoSettles: 1 }], remaining: 2 });
    // Others that are about its lead do not fit this filter, and go along all the same.
    await stuck(leadId);
    const dry = await letters.post('/redrive', { cause: 'stuck' });
    expect((dry.body as { groups: object[] }).groups).toMatchObject([
      { cause: 'stuck', outcome: 'redriven', letters: 1, alsoSettles: 2 },
    ]);
    expect(await letters.stored(ids[0]!)).toMatchObject({ resolved_at: null });
    const done = await letters.post('/redrive', { ...filter, dryRun: false });
    expect(done.body).toMatchObject({ dryRun: false, groups: handovers });
    for (const id of [...ids, ...other.ids]) expect(await letters.stored(id)).toMatchObject({ resolution: 'redriven' });
  });

  it('takes so many at once, tells how many remain, and goes on after those that cannot be', async () => {
    const ids = [await stuck(await lead(true)), await stuck(await lead()), await stuck(await lead())];
    const first = await letters.post('/redrive', { cause: 'stuck', dryRun: false, limit: 1 });
    expect(first.body).toMatchObject({ groups: [{ code: 'lead-closed' }], remaining: 2, nextCursor: ids[0] });
    const second = await letters.post('/redrive', { cause: 'stuck', dryRun: false, limit: 1, after: ids[0] });
    expect(second.body).toMatchObject({ groups: [{ outcome: 'redriven' }], remaining: 1, nextCursor: ids[1] });
    expect(await letters.stored(ids[2]!)).toMatchObject({ resolved_at: null });
    expect((await letters.post('/redrive', { limit: 501 })).status).toBe(422);
  });
});
