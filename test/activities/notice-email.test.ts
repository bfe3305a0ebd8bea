import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNoticeEmailActivities } from '../../activities/notice-email.ts';
import { unsubscribe } from '../../db/notice-subscriptions.ts';
import { recordNotice } from '../../db/notices.ts';
import { run } from '../stack/activity-bench.ts';
import { failureOf } from './failure.ts';
import { DESK, type NoticeWorld, startNoticeWorld } from './notice-world.ts';

let world: NoticeWorld;
let agencyId: string;
beforeAll(async () => {
  world = await startNoticeWorld();
  ({ agencyId } = world);
});
afterAll(() => world.stop());
beforeEach(() => world.clear());

describe('a notice', () => {
  it('is not written where nobody hears of its topic', async () => {
    expect(await world.inAgency((tx) => recordNotice(tx, world.assigned()))).toBe(false);
    await world.hear({ topics: ['lead.closed'] });
    expect(await world.inAgency((tx) => recordNotice(tx, world.assigned()))).toBe(false);
    await world.hear();
    expect(await world.inAgency((tx) => recordNotice(tx, world.assigned()))).toBe(true);
  });

  it('is written once for its occurrence, with the work that starts its workflow', async () => {
    await world.hear();
    const notice = world.assigned();
    expect(await world.inAgency((tx) => recordNotice(tx, notice))).toBe(true);
    expect(await world.inAgency((tx) => recordNotice(tx, notice))).toBe(false);
    const rows = await world.ownerDb.selectFrom('notices').select('id').execute();
    const work = await world.ownerDb
      .selectFrom('event_capabilities')
      .select(['workflow_id', 'cause_id'])
      .where('capability', '=', 'notification')
      .where('cause_id', '=', rows[0]!.id)
      .execute();
    expect(rows).toHaveLength(1);
    expect(work).toEqual([{ workflow_id: `notification/${agencyId}/${rows[0]!.id}`, cause_id: rows[0]!.id }]);
  });

  it('reaches the agency, the rep and whoever hears of a location above, each once', async () => {
    await world.hear();
    await world.hear({ locationId: world.agency.location('east'), address: 'east@front-office.example' });
    await world.hear({ locationId: world.agency.location('chelsea'), address: 'chelsea@front-office.example' });
    await world.hear({ recipient: 'rep', address: null });
    // The rep's own address, by another way.
    await world.hear({ address: 'ANN@one.example' });
    const { noticeId, deliveries } = await world.planned();
    expect(deliveries).toHaveLength(3);
    // Who is asked again later hears no more of it.
    await world.hear({ address: 'late@front-office.example' });
    expect(await run(world.bench.notices.planNotice, { agencyId, noticeId: noticeId! })).toEqual(deliveries);
    for (const { deliveryId } of deliveries) await world.send(deliveryId);
    expect(world.mail.mails.map(({ to }) => to.toLowerCase()).sort()).toEqual([
      'ann@one.example',
      DESK,
      'east@front-office.example',
    ]);
  });

  it('is not sent to a rep who is muted, and says so', async () => {
    await world.hear({ recipient: 'rep', address: null });
    const muted = { notices_muted_at: new Date() };
    const { ownerDb } = world.bench.database;
    await ownerDb.updateTable('reps').set(muted).where('id', '=', world.agency.rep('ann')).execute();
    expect((await world.planned()).deliveries).toEqual([]);
    expect(await world.standing()).toMatchObject([{ state: 'suppressed', reason: 'rep-muted' }]);
    expect(world.bench.endedDeliveries.at(-1)).toEqual(['email', 'suppressed', 1]);
  });

  it('of another agency is unknown to this one’s steps, and so is its delivery', async () => {
    const theirs = world.neighbour.agencyId;
    await world.hear({}, theirs);
    const place = { locationId: world.neighbour.location('back-bay'), repId: world.neighbour.rep('ann') };
    const { noticeId, deliveries } = await world.planned(world.assigned({ agencyId: theirs, ...place }));
    const [{ deliveryId } = { deliveryId: '' }] = deliveries;
    const before = await world.standing();
    const steps: [string, () => Promise<unknown>][] = [
      ['NoticeUnknown', () => run(world.bench.notices.planNotice, { agencyId, noticeId: noticeId! })],
      ['DeliveryUnknown', () => world.send(deliveryId)],
      ['DeliveryUnknown', () => run(world.bench.notices.recordNoticeFailure, { agencyId, deliveryId, cause: 'test' })],
    ];
    for (const [type, step] of steps) expect(await failureOf(step())).toMatchObject({ type, nonRetryable: true });
    expect(steps).toHaveLength(Object.keys({ ...world.bench.notices, ...world.bench.emails }).length);
    expect(await world.standing()).toEqual(before);
    expect(world.mail.mails).toEqual([]);
  });
});

describe('a mail', () => {
  it('tells by ids and a link, marks itself as automatic, and is not sent again', async () => {
    const deliveryId = await world.onePlanned();
    await world.send(deliveryId);
    await world.send(deliveryId, { attempt: 2 });
    const [first, ...more] = world.mail.mails;
    expect(more).toEqual([]);
    expect(first!.messageId).toBe(`<notice.${deliveryId}@switchyard.example>`);
    expect(first!.subject).toBe('A lead has been assigned: Back Bay');
    expect(first!.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(first!.text).toContain(
      `https://app.gohighlevel.com/v2/location/${world.agency.ghlLocation('back-bay')}/contacts/detail/contact-1`,
    );
    expect(await world.standing()).toMatchObject([{ state: 'sent', attempts: 1 }]);
  });

  it('has no header but ours, whatever a location is called', async () => {
    const { ownerDb } = world.bench.database;
    const id = world.agency.location('back-bay');
    await ownerDb
      .updateTable('locations')
      .set({ name: 'Back\r\nBcc: thief@x.example <b>' })
      .where('id', '=', id)
      .execute();
    await world.send(await world.onePlanned());
    await ownerDb.updateTable('locations').set({ name: 'Back Bay' }).where('id', '=', id).execute();
    const [head] = world.mail.mails[0]!.raw.split('\r\n\r\n');
    expect(head).not.toMatch(/^Bcc:/im);
    expect(world.mail.mails[0]!.text).toContain('&lt;b&gt;');
  });

  it.each([
    ['the recipient for now', { rcpt: 450 }, 'smtp-450'],
    ['the mail for now', { data: 451 }, 'smtp-451'],
    ['nothing, for the connection is lost before the data', 'cut-before-data', 'ECONNECTION'],
  ] as const)('is tried again when the server refuses %s', async (_what, turn, reason) => {
    const deliveryId = await world.onePlanned();
    world.mail.will(turn);
    const failure = await failureOf(world.send(deliveryId));
    expect(failure).toMatchObject({ type: 'MailDeferred', nonRetryable: false });
    expect(await world.standing()).toMatchObject([{ state: 'pending', reason }]);
    await world.send(deliveryId, { attempt: 2 });
    expect(world.mail.mails).toHaveLength(1);
    expect(await world.standing()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it('waits while the server is away, and goes when it is back', async () => {
    const deliveryId = await world.onePlanned();
    await world.mail.stop();
    expect((await failureOf(world.send(deliveryId))).type).toBe('MailDeferred');
    await world.mail.start();
    await world.send(deliveryId, { attempt: 2 });
    expect(world.mail.mails).toHaveLength(1);
  });

  it.each([{ rcpt: 550 }, { data: 554 }])('is given up when the server refuses it for good: %o', async (turn) => {
    const deliveryId = await world.onePlanned();
    world.mail.will(turn);
    const failure = await failureOf(world.send(deliveryId));
    expect(failure).toMatchObject({ type: 'MailRefused', nonRetryable: true });
    expect(failure.message).not.toContain(DESK);
    const end = { agencyId, deliveryId, cause: 'MailRefused' };
    await run(world.bench.notices.recordNoticeFailure, end);
    await run(world.bench.notices.recordNoticeFailure, end);
    expect(await world.standing()).toMatchObject([
      { state: 'refused', reason: Object.values(turn).map((n) => `smtp-${n}`)[0] },
    ]);
    const letters = await world.agency.letters();
    expect(letters).toMatchObject([
      { capability: 'notification', cause: 'notice:MailRefused', subject_id: deliveryId },
    ]);
    // Of a notice that did not get out no notice is made.
    expect(await world.ownerDb.selectFrom('notices').select('id').execute()).toHaveLength(1);
  });

  it('is counted as refused, once, when the server puts it off until its time is over', async () => {
    const deliveryId = await world.onePlanned();
    world.mail.will({ rcpt: 450 });
    expect((await failureOf(world.send(deliveryId))).type).toBe('MailDeferred');
    const before = world.bench.endedDeliveries.length;
    const end = { agencyId, deliveryId, cause: 'MailDeferred' };
    await run(world.bench.notices.recordNoticeFailure, end);
    await run(world.bench.notices.recordNoticeFailure, end);
    const counted = world.bench.endedDeliveries.slice(before).filter(([, , count]) => count > 0);
    expect(counted).toEqual([['email', 'refused', 1]]);
  });

  it('is not sent twice when the connection is lost after its data', async () => {
    const deliveryId = await world.onePlanned();
    world.mail.will('cut-after-data');
    const tries = world.mail.tries;
    await world.send(deliveryId);
    await world.send(deliveryId, { attempt: 2 });
    expect(world.mail.tries - tries).toBe(1);
    expect(await world.standing()).toMatchObject([{ state: 'unknown', attempts: 1 }]);
    expect(world.bench.endedDeliveries.at(-1)).toEqual(['email', 'unknown', 1]);
  });

  it('is not sent again after an attempt of which nothing is known', async () => {
    const deliveryId = await world.onePlanned();
    await world.ownerDb.updateTable('notice_deliveries').set({ state: 'sending' }).execute();
    await world.send(deliveryId, { attempt: 2 });
    expect(world.mail.mails).toEqual([]);
    expect(await world.standing()).toMatchObject([{ state: 'unknown', reason: 'attempt-lost' }]);
  });

  it('is noted as not sent where no mail server is set', async () => {
    const deliveryId = await world.onePlanned();
    const { keys, database } = world.bench;
    const store = { keys, db: database.db, now: () => new Date() };
    const { sendNoticeEmail } = createNoticeEmailActivities({ ...store, mailer: null, gatherMs: 0 });
    await run(sendNoticeEmail, { agencyId, deliveryId });
    expect(await world.standing()).toMatchObject([{ state: 'suppressed', reason: 'channel-off' }]);
  });

  it('does not go to who has unsubscribed since it was planned', async () => {
    const { subscription } = await world.hear();
    const { deliveries } = await world.planned();
    await world.inAgency((tx) => unsubscribe(tx, { agencyId }, subscription.id));
    await world.send(deliveries[0]!.deliveryId);
    expect(world.mail.mails).toEqual([]);
    expect(await world.standing()).toMatchObject([{ state: 'suppressed', reason: 'unsubscribed' }]);
    expect(await world.inAgency((tx) => recordNotice(tx, world.assigned()))).toBe(false);
  });
});
