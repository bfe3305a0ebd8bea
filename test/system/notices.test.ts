import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { type MailServer, startMailServer } from '../stack/mail-server.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const DESK = 'desk@front-office.example';
const THEIR_DESK = 'desk@next-door.example';

let mail: MailServer;
let system: LiveSystem;
let agency: PlantedAgency;
let neighbour: PlantedAgency;
let leads: LeadHarness;
let key: string;
beforeAll(async () => {
  mail = await startMailServer();
  system = await startLiveSystem({ mail: mail.settings, gatherMs: 500 });
  agency = await system.plant(smallAgency('one'));
  neighbour = await system.plant(smallAgency('two'));
  leads = createLeadHarness(system, agency);
  key = await system.makeKey(agency.agencyId, 'agency');
});
afterAll(async () => {
  await system.stop();
  await mail.stop();
});

const subscribe = (body: object, by = key) =>
  system.ask('POST', '/v1/notice-subscriptions', by, { channel: 'email', ...body });
const deliveriesOf = (leadId: string) =>
  system.database.ownerDb
    .selectFrom('notice_deliveries as d')
    .innerJoin('notices as n', 'n.id', 'd.notice_id')
    .select(['d.id', 'd.state', 'd.topic', 'd.recipient', 'n.id as noticeId'])
    .where('n.lead_id', '=', leadId)
    .orderBy('d.id')
    .execute();
const ended = (leadId: string, topic: string, count: number) =>
  waitFor(`${count} deliveries of ${topic}`, async () => {
    const found = (await deliveriesOf(leadId)).filter((each) => each.topic === topic);
    return found.length === count && found.every(({ state }) => !['pending', 'sending'].includes(state)) && found;
  });

describe('a subscription', () => {
  it('is made once, adds topics when it is asked for again, and shows no address', async () => {
    const first = await subscribe({ to: DESK, topics: ['lead.assigned'] });
    expect(first).toMatchObject({ status: 201, body: { to: 'd…@front-office.example', isChannelOn: true } });
    const again = await subscribe({ to: DESK.toUpperCase(), topics: ['lead.closed', 'dead-letter.left'] });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      id: first.body['id'],
      topics: ['dead-letter.left', 'lead.assigned', 'lead.closed'],
    });
    const listed = await system.ask('GET', '/v1/notice-subscriptions', key);
    expect(listed.body['subscriptions']).toHaveLength(1);
    expect(JSON.stringify(listed.body)).not.toContain(DESK);
    const stored = await system.database.ownerDb.selectFrom('notice_subscriptions').selectAll().execute();
    expect(stored[0]!.address!.toString('latin1')).not.toContain('front-office');
    const acts = await system.database.ownerDb
      .selectFrom('audit_log')
      .select('after')
      .where('action', '=', 'notice.subscribe')
      .execute();
    expect(acts).toHaveLength(2);
    expect(JSON.stringify(acts)).not.toContain('front-office');
  });

  it('refuses what is no address, no topic, or of another tenant, and keeps a location’s key to its location', async () => {
    expect((await subscribe({ to: 'a@b\r\nBcc: c@d.example', topics: ['lead.closed'] })).status).toBe(422);
    expect((await subscribe({ to: DESK, topics: ['lead.eaten'] })).status).toBe(422);
    const theirs = { to: DESK, topics: ['lead.closed'], locationId: neighbour.locations.get('chelsea') };
    expect((await subscribe(theirs)).status).toBe(404);
    expect((await subscribe({ to: DESK, topics: ['lead.closed'], repId: neighbour.reps.get('dan') })).status).toBe(404);
    const narrow = await system.makeKey(agency.agencyId, 'location', agency.locations.get('chelsea'));
    const made = await subscribe({ to: DESK, topics: ['lead.accepted'] }, narrow);
    expect(made.body).toMatchObject({ locationId: agency.locations.get('chelsea') });
    const seen = await system.ask('GET', '/v1/notice-subscriptions', narrow);
    expect(seen.body['subscriptions']).toHaveLength(1);
    const outside = { to: DESK, topics: ['lead.accepted'], locationId: agency.locations.get('back-bay') };
    expect((await subscribe(outside, narrow)).status).toBe(404);
  });

  it('is taken away by its own tenant alone', async () => {
    const made = await subscribe({ to: 'gone@front-office.example', topics: ['lead.accepted'] });
    const path = `/v1/notice-subscriptions/${String(made.body['id'])}`;
    const theirKey = await system.makeKey(neighbour.agencyId, 'agency');
    const remove = (by: string) =>
      fetch(`${system.apiUrl}${path}`, { method: 'DELETE', headers: { authorization: `Bearer ${by}` } });
    expect((await remove(theirKey)).status).toBe(404);
    expect((await remove(key)).status).toBe(204);
    expect((await remove(key)).status).toBe(404);
  });
});

describe('a lead', () => {
  it('that is assigned is told to its rep and the agency in one mail each, and to nobody next door', async () => {
    await subscribe({ to: 'rep', topics: ['lead.assigned', 'lead.reassigned'] });
    const theirKey = await system.makeKey(neighbour.agencyId, 'agency');
    await subscribe({ to: THEIR_DESK, topics: 'all' }, theirKey);
    await subscribe({ to: 'rep', topics: 'all' }, theirKey);
    const person = { ...somebody('02116'), phone: '(617) 555-0142' };
    const leadId = await leads.start(person);
    const lead = await leads.inState(leadId, 'assigned');
    const deliveries = await ended(leadId, 'lead.assigned', 2);
    expect(deliveries.map(({ state }) => state)).toEqual(['sent', 'sent']);
    const told = mail.mails.filter(({ text }) => text.includes(leadId));
    const rep = lead.rep_id === leads.rep('ann') ? 'ann' : 'bob';
    expect(told.map(({ to }) => to).sort()).toEqual([`${rep}@one.example`, DESK].sort());
    const [contact] = await system.simulator.listContacts('one-loc-back-bay');
    for (const { raw, text } of told) {
      expect(text).toContain(`/v2/location/one-loc-back-bay/contacts/detail/${contact!.id}`);
      for (const value of [person.email, person.firstName, person.lastName, '555-0142', '6175550142'])
        expect(raw).not.toContain(value);
    }
    expect(mail.mailsTo(THEIR_DESK)).toEqual([]);

    // It is asked for once more, of the workflow that has told it and of another.
    const { noticeId } = deliveries[0]!;
    const of = { agencyId: agency.agencyId, locationId: null, noticeId };
    await system.client.startNotification(of);
    const handle = system.client.temporal.workflow.getHandle(`notification/${agency.agencyId}/${noticeId}`);
    await handle.result();
    await system.client.startNotification({ ...of, redriveId: 'again' });
    await system.client.temporal.workflow.getHandle(`notification/${agency.agencyId}/${noticeId}/again`).result();
    expect(mail.mails.filter(({ text }) => text.includes(leadId))).toHaveLength(2);
  });

  it('that changes hands, is accepted and closed tells each that hears of it', async () => {
    await subscribe({ to: DESK, topics: ['lead.reassigned', 'lead.accepted', 'lead.closed', 'lead.unrouted'] });
    const leadId = await leads.start(somebody('02116'));
    const before = await leads.inState(leadId, 'assigned');
    const ask = { agencyId: agency.agencyId, leadId };
    const other = before.rep_id === leads.rep('ann') ? 'bob' : 'ann';
    await system.client.reassignLead({ ...ask, updateId: 'r', request: { repId: leads.rep(other) } });
    await system.client.acceptLead({ ...ask, updateId: 'a', request: { actor: 'test' } });
    await system.client.closeLead({ ...ask, updateId: 'c', request: { outcome: 'won', actor: 'test' } });
    await ended(leadId, 'lead.reassigned', 2);
    await ended(leadId, 'lead.accepted', 1);
    await ended(leadId, 'lead.closed', 1);
    const told = mail.mails.filter(({ text }) => text.includes(leadId));
    const handed = told.find(({ subject, to }) => subject.includes('handed') && to === DESK)!;
    expect(handed.text).toContain(`Before with rep: ${before.rep_id}`);
    expect(told.map(({ to }) => to)).toContain(`${other}@one.example`);
    expect(told.find(({ subject }) => subject.includes('closed'))!.text).toContain('Reason: won');
  });

  it('that nobody near can take is told as such', async () => {
    const leadId = await leads.start(somebody('nowhere'));
    await leads.inState(leadId, 'queued');
    await ended(leadId, 'lead.unrouted', 1);
    const told = mail.mails.find(({ text }) => text.includes(leadId))!;
    expect(told).toMatchObject({ to: DESK });
    expect(told.text).toContain(`leads show ${leadId}`);
  });
});

describe('a mail server', () => {
  it('that is away delays a mail, and loses and doubles none', async () => {
    await mail.stop();
    const leadId = await leads.start(somebody('02116'));
    await leads.inState(leadId, 'assigned');
    await waitFor('a try in vain', async () =>
      (await deliveriesOf(leadId)).some(({ topic, state }) => topic === 'lead.assigned' && state === 'pending'),
    );
    await waitFor('the step to fail', async () => {
      const found = await system.database.ownerDb
        .selectFrom('notice_deliveries')
        .select('attempts')
        .where('id', '=', (await deliveriesOf(leadId))[0]!.id)
        .executeTakeFirst();
      return (found?.attempts ?? 0) > 0;
    });
    await mail.start();
    await ended(leadId, 'lead.assigned', 2);
    expect(mail.mails.filter(({ text }) => text.includes(leadId))).toHaveLength(2);
  });

  it('that refuses a mail for good leaves a dead letter, which is redriven', async () => {
    await system.ask('POST', '/v1/notice-subscriptions', key, {
      channel: 'email',
      to: DESK,
      topics: ['lead.unrouted'],
    });
    mail.will({ rcpt: 550 });
    const leadId = await leads.start(somebody('nowhere'));
    const [delivery] = await ended(leadId, 'lead.unrouted', 1);
    expect(delivery!.state).toBe('refused');
    const letter = await waitFor('the letter', () =>
      system.database.ownerDb
        .selectFrom('dead_letters')
        .selectAll()
        .where('subject_id', '=', delivery!.id)
        .executeTakeFirst(),
    );
    expect(letter).toMatchObject({ capability: 'notification', cause: 'notice:MailRefused' });
    const redriven = await system.ask('POST', `/v1/dead-letters/${letter.id}/redrive`, key);
    expect(redriven.status).toBe(202);
    const [sent] = await waitFor('the mail', async () => {
      const found = (await deliveriesOf(leadId)).filter(({ topic }) => topic === 'lead.unrouted');
      return found[0]?.state === 'sent' && found;
    });
    expect(sent!.id).toBe(delivery!.id);
    expect(mail.mails.filter(({ text }) => text.includes(leadId))).toHaveLength(1);
  });
});
