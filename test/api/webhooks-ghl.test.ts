import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unseal } from '../../crypto/seal.ts';
import { waitToPass } from '../stack/wait.ts';
import { sql } from 'kysely';
import { type ApiWorld, contactCreate, createApiWorld, keyRing, signatureOf } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const eventsOf = (eventId: string) =>
  world.ownerDb.selectFrom('events').selectAll().where('event_id', '=', eventId).execute();
const leadsOf = (contactId: string) =>
  world.ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId).execute();
const startsOf = (leadId: string) => world.client.handovers.filter((handover) => handover.leadId === leadId);
const lettersOf = (subjectId: string) =>
  world.ownerDb.selectFrom('dead_letters').selectAll().where('subject_id', '=', subjectId).execute();

describe('a signed delivery', () => {
  it('of a new contact in a live intake account is stored sealed, becomes a lead and starts its workflow at once', async () => {
    const event = contactCreate();
    const answer = await world.deliver(event).expect(200);
    expect(answer.body).toEqual({ outcome: 'taken', status: 'accepted' });

    const [stored] = await eventsOf(event['webhookId'] as string);
    expect(stored).toMatchObject({
      source: 'ghl',
      type: 'ContactCreate',
      ghl_contact_id: event.id,
      ghl_record_id: event.id,
    });
    const owner = { agencyId: world.agency.agencyId, locationId: world.agency.master.id, purpose: 'event-body' };
    expect(JSON.parse(unseal(keyRing, stored!.body!, owner).toString())).toMatchObject({ id: event.id });

    const [lead, ...others] = await leadsOf(event.id);
    expect(others).toEqual([]);
    expect(lead).toMatchObject({ state: 'received', agency_id: world.agency.agencyId, event_row_id: stored!.id });
    expect(lead!.event_received_at).toEqual(stored!.received_at);
    await waitToPass(() => expect(startsOf(lead!.id)).toHaveLength(1));
    await waitToPass(async () => {
      const work = await world.ownerDb
        .selectFrom('event_capabilities')
        .selectAll()
        .where('cause_id', '=', stored!.id)
        .orderBy('capability')
        .execute();
      expect(work).toMatchObject([
        // The mirror waits for more of the contact.
        { capability: 'contact-sync', state: 'pending' },
        { capability: 'lead-intake', state: 'started' },
      ]);
    });
  });

  it('that comes 50 times at once makes one row, one lead and one workflow, and every answer is 200', async () => {
    const event = contactCreate();
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.deliver(event)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(answers.filter((answer) => (answer.body as { outcome: string }).outcome === 'taken')).toHaveLength(1);
    expect(await eventsOf(event['webhookId'] as string)).toHaveLength(1);
    const leads = await leadsOf(event.id);
    expect(leads).toHaveLength(1);
    await waitToPass(() => expect(startsOf(leads[0]!.id)).toHaveLength(1));
  });

  it('that comes again 40 days later by the clock of the database is still a repeat', async () => {
    const event = contactCreate();
    await world.deliver(event).expect(200);
    const eventId = event['webhookId'] as string;
    await world.ownerDb
      .updateTable('event_keys')
      .set({ received_at: sql<Date>`now() - interval '40 days'` })
      .where('event_id', '=', eventId)
      .execute();
    const answer = await world.deliver(event).expect(200);
    expect(answer.body).toMatchObject({ outcome: 'repeat' });
    expect(await eventsOf(eventId)).toHaveLength(1);
    expect(await leadsOf(event.id)).toHaveLength(1);
  });

  it('without a webhookId is known by its delivery id', async () => {
    const body = JSON.stringify({ ...contactCreate(), webhookId: undefined, locationId: world.agency.master.ghlId });
    const headers = { deliveryId: randomUUID() };
    await world.deliverRaw(body, headers).expect(200);
    const again = await world.deliverRaw(body, headers).expect(200);
    expect(again.body).toMatchObject({ outcome: 'repeat' });
    const other = await world.deliverRaw(body, { deliveryId: randomUUID() }).expect(200);
    expect(other.body).toMatchObject({ outcome: 'taken' });
  });

  it('without any id is a repeat for ten minutes and a new event after that', async () => {
    const body = JSON.stringify({ type: 'NoteCreate', id: randomUUID(), locationId: world.agency.master.ghlId });
    const outcome = async () => ((await world.deliverRaw(body).expect(200)).body as { outcome: string }).outcome;
    expect(await outcome()).toBe('taken');
    expect(await outcome()).toBe('repeat');
    await world.ownerDb
      .updateTable('event_keys')
      .set({ received_at: sql<Date>`now() - interval '11 minutes'` })
      .execute();
    expect(await outcome()).toBe('taken');
  });

  it('of a type nobody knows is kept and ignored; one of the catalogue is accepted for later', async () => {
    const unknown = await world.deliver({ type: 'BrandNewEvent', webhookId: randomUUID() }).expect(200);
    expect(unknown.body).toMatchObject({ status: 'ignored' });
    const listed = await world.deliver({ type: 'InvoicePaid', webhookId: randomUUID() }).expect(200);
    expect(listed.body).toMatchObject({ status: 'accepted' });
  });

  it.each([
    ['not JSON', () => 'this is not JSON'],
    ['JSON of the wrong shape', () => JSON.stringify({ type: 'ContactCreate', webhookId: randomUUID() })],
    ['no event at all', () => '[1,2,3]'],
    ['empty', () => ''],
    [
      'a contact with U+0000',
      () => JSON.stringify({ ...contactCreate(), firstName: 'A\u0000nn', nonce: randomUUID() }),
    ],
    ['an id too long to store', () => JSON.stringify({ ...contactCreate(), id: 'x'.repeat(5_000) })],
  ])('that cannot be read (%s) is kept as a dead letter and answered 200', async (_case, makeBody) => {
    const body = makeBody().replace('"type":"Contact', `"locationId":"${world.agency.master.ghlId}","type":"Contact`);
    const before = await world.ownerDb.selectFrom('leads').select('id').execute();
    const answer = await world.deliverRaw(body).expect(200);
    expect(answer.body).toEqual({ outcome: 'taken', status: 'unparseable' });
    const newest = await world.ownerDb
      .selectFrom('events')
      .selectAll()
      .where('status', '=', 'unparseable')
      .orderBy('received_at', 'desc')
      .executeTakeFirstOrThrow();
    const owner = { agencyId: newest.agency_id, locationId: newest.location_id, purpose: 'event-body' };
    expect(unseal(keyRing, newest.body!, owner).toString()).toBe(body);
    expect(await lettersOf(newest.id)).toHaveLength(1);
    expect(await world.ownerDb.selectFrom('leads').select('id').execute()).toHaveLength(before.length);
  });

  it('of an unknown location is kept, and there is one letter however many come', async () => {
    const locationId = `unknown-${randomUUID()}`;
    const event = contactCreate({ locationId });
    const answer = await world.deliver(event).expect(200);
    expect(answer.body).toEqual({ outcome: 'taken', status: 'unknown-tenant' });
    await world.deliver(contactCreate({ locationId })).expect(200);
    expect(await lettersOf(locationId)).toMatchObject([{ agency_id: null, cause: 'unknown-tenant' }]);
    expect(await leadsOf(event.id)).toHaveLength(0);

    await world.ownerDb
      .updateTable('locations')
      .set({ ghl_location_id: locationId })
      .where('id', '=', world.neighbour.master.id)
      .execute();
    const again = await world.deliver(event).expect(200);
    expect(again.body).toEqual({ outcome: 'taken', status: 'accepted' });
    expect(await leadsOf(event.id)).toMatchObject([{ agency_id: world.neighbour.agencyId }]);
    expect((await world.deliver(event).expect(200)).body).toMatchObject({ outcome: 'repeat' });
  });

  it('without phone and e-mail, or with ones that are not valid, is a lead all the same', async () => {
    const bare = contactCreate({ email: null, phone: null });
    const wrong = contactCreate({ email: 'nobody@', phone: '12', postalCode: '???' });
    for (const event of [bare, wrong]) {
      await world.deliver(event).expect(200);
      expect(await leadsOf(event.id)).toHaveLength(1);
    }
  });
});

describe('a delivery that is refused', () => {
  const body = Buffer.from(JSON.stringify({ ...contactCreate(), locationId: 'x' }));
  const stranger = generateKeyPairSync('ed25519');
  it.each([
    ['a missing signature', {}, 'missing'],
    ['the signature N/A', { 'x-ghl-signature': 'N/A' }, 'missing'],
    ['only the retired RSA header', { 'x-wh-signature': 'c2lnbmF0dXJl' }, 'retired-signature-only'],
    ['a malformed signature', { 'x-ghl-signature': '%%%' }, 'malformed'],
    ['the signature of another body', { 'x-ghl-signature': signatureOf(Buffer.from('{}')) }, 'mismatch'],
    [
      "a stranger's signature",
      { 'x-ghl-signature': sign(null, body, stranger.privateKey).toString('base64') },
      'mismatch',
    ],
  ])('for %s is answered 401, stored nowhere and counted', async (_case, headers, reason) => {
    const countOf = async () =>
      Number(
        (
          await world.ownerDb
            .selectFrom('refused_delivery_counts')
            .select((select) => select.fn.sum<string>('count').as('count'))
            .where('reason', '=', reason)
            .executeTakeFirst()
        )?.count ?? 0,
      );
    const [events, count] = [await countEvents(), await countOf()];
    const post = world.http.post('/webhooks/ghl').set({ 'content-type': 'application/json', ...headers });
    const answer = await post.send(body.toString()).expect(401);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'signature-refused' });
    expect(await countEvents()).toBe(events);
    await waitToPass(async () => expect(await countOf()).toBe(count + 1));
  });

  const countEvents = async () => (await world.ownerDb.selectFrom('events').select('id').execute()).length;

  it('for 256 KiB and one byte is answered 413, and 256 KiB are taken', async () => {
    const event = JSON.stringify({
      type: 'NoteCreate',
      webhookId: randomUUID(),
      locationId: world.agency.master.ghlId,
    });
    const padded = event.padEnd(262_144, ' ');
    await world.deliverRaw(padded).expect(200);
    const answer = await world.deliverRaw(`${padded} `).expect(413);
    expect(answer.body).toMatchObject({ code: 'entity-too-large' });
  });

  it('more than a thousand times is counted in full, keeps twenty bodies and raises few alarms', async () => {
    const before = await countRefused();
    for (let batch = 0; batch < 12; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, () => world.http.post('/webhooks/ghl').send('{}').expect(401)));
    }
    await waitToPass(async () => expect(await countRefused()).toBe(before + 1_200));
    const kept = await world.ownerDb.selectFrom('refused_deliveries').select('id').execute();
    expect(kept.length).toBeLessThanOrEqual(20);
    const alerts = world.logLines.filter((line) => line.includes('webhook-signatures-refused'));
    expect(alerts.length).toBeGreaterThanOrEqual(1);
    expect(alerts.length).toBeLessThanOrEqual(3);
  });

  const countRefused = async (): Promise<number> => {
    const rows = await world.ownerDb.selectFrom('refused_delivery_counts').select('count').execute();
    return rows.reduce((sum, row) => sum + Number(row.count), 0);
  };
});

describe('the log', () => {
  it('holds ids and route patterns, and nothing that tells who a person is', async () => {
    const event = contactCreate({ email: 'secret.person@example.com', phone: '+14155550199', firstName: 'Zaphod' });
    await world.deliver(event).expect(200);
    await world.http.get(`/v1/leads/${randomUUID()}?email=secret.person@example.com`).expect(401);
    const log = world.logLines.join('');
    expect(log).toContain('"route":"/webhooks/ghl"');
    expect(log).toContain('"route":"/v1/leads/:id"');
    expect(log).toContain(world.agency.agencyId);
    expect(log).not.toMatch(/secret\.person|4155550199|Zaphod|x-ghl-signature/);
  });
});
