import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addDeadLetter } from '../../db/dead-letters.ts';
import { subscribe, unsubscribe, type WantedSubscription } from '../../db/notice-subscriptions.ts';
import { recordNotice } from '../../db/notices.ts';
import { withScope } from '../../db/scope.ts';
import type { NewNotice } from '../../domain/notice.ts';
import { run } from '../stack/activity-bench.ts';
import { type MailServer, startMailServer } from '../stack/mail-server.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

const DESK = 'desk@front-office.example';
const GATHER_MS = 600_000;

let mail: MailServer;
let all: Neighbours;
let agencyId: string;
beforeAll(async () => {
  mail = await startMailServer();
  all = await startNeighbours({ mail: { settings: mail.settings, gatherMs: GATHER_MS } });
  agencyId = all.agency.agencyId;
});
afterAll(async () => {
  await all.bench.stop();
  await mail.stop();
});
beforeEach(async () => {
  const { ownerDb } = all.bench.database;
  for (const table of ['notice_deliveries', 'notices', 'notice_subscriptions', 'heard_topics', 'dead_letters'] as const)
    await ownerDb.deleteFrom(table).execute();
  await ownerDb.updateTable('reps').set({ notices_muted_at: null }).execute();
  mail.mails.length = 0;
  mail.will();
  all.bench.clock.at = undefined;
});

const inAgency = <T>(work: Parameters<typeof withScope<T>>[2], id = agencyId): Promise<T> =>
  withScope(all.bench.database.db, { agencyId: id }, work);

const hear = (wanted: Partial<WantedSubscription> = {}, id = agencyId) =>
  inAgency(
    (tx) =>
      subscribe(tx, all.bench.keys, {
        agencyId: id,
        locationId: null,
        repId: null,
        topics: ['lead.assigned', 'dead-letter.left'],
        channel: 'email',
        recipient: 'address',
        address: DESK,
        endpointId: null,
        madeBy: 'test',
        ...wanted,
      }),
    id,
  );

const assigned = (more: Partial<NewNotice<'lead.assigned'>> = {}): NewNotice<'lead.assigned'> => ({
  agencyId,
  locationId: all.agency.location('back-bay'),
  repId: all.agency.rep('ann'),
  leadId: uuidv7(),
  topic: 'lead.assigned',
  occurrenceKey: uuidv7(),
  occurredAt: new Date(),
  data: { assignmentId: uuidv7(), ghlContactId: 'contact-1' },
  ...more,
});

/** Writes a notice and plans it. @returns its deliveries that are open */
async function planned(notice: NewNotice = assigned()) {
  await inAgency((tx) => recordNotice(tx, notice), notice.agencyId);
  const found = await all.bench.database.ownerDb
    .selectFrom('notices')
    .select('id')
    .where('occurrence_key', '=', notice.occurrenceKey)
    .executeTakeFirst();
  if (!found) return { noticeId: undefined, deliveries: [] };
  const deliveries = await run(all.bench.notices.planNotice, { agencyId: notice.agencyId, noticeId: found.id });
  return { noticeId: found.id, deliveries };
}

const send = (deliveryId: string, attempt = {}) =>
  run(all.bench.emails.sendNoticeEmail, { agencyId, deliveryId }, attempt);

const standing = async () =>
  all.bench.database.ownerDb
    .selectFrom('notice_deliveries')
    .select(['id', 'recipient', 'state', 'reason', 'attempts'])
    .orderBy('id')
    .execute();

async function onePlanned(): Promise<string> {
  await hear();
  const { deliveries } = await planned();
  expect(deliveries).toHaveLength(1);
  return deliveries[0]!.deliveryId;
}

describe('a notice', () => {
  it('is not written where nobody hears of its topic', async () => {
    expect(await inAgency((tx) => recordNotice(tx, assigned()))).toBe(false);
    await hear({ topics: ['lead.closed'] });
    expect(await inAgency((tx) => recordNotice(tx, assigned()))).toBe(false);
    await hear();
    expect(await inAgency((tx) => recordNotice(tx, assigned()))).toBe(true);
  });

  it('is written once for its occurrence, with the work that starts its workflow', async () => {
    await hear();
    const notice = assigned();
    expect(await inAgency((tx) => recordNotice(tx, notice))).toBe(true);
    expect(await inAgency((tx) => recordNotice(tx, notice))).toBe(false);
    const rows = await all.bench.database.ownerDb.selectFrom('notices').select('id').execute();
    const work = await all.bench.database.ownerDb
      .selectFrom('event_capabilities')
      .select(['workflow_id', 'cause_id'])
      .where('capability', '=', 'notification')
      .where('cause_id', '=', rows[0]!.id)
      .execute();
    expect(rows).toHaveLength(1);
    expect(work).toEqual([{ workflow_id: `notification/${agencyId}/${rows[0]!.id}`, cause_id: rows[0]!.id }]);
  });

  it('reaches the agency, the rep and whoever hears of a location above, each once', async () => {
    await hear();
    await hear({ locationId: all.agency.location('east'), address: 'east@front-office.example' });
    await hear({ locationId: all.agency.location('chelsea'), address: 'chelsea@front-office.example' });
    await hear({ recipient: 'rep', address: null });
    // The rep's own address, by another way.
    await hear({ address: 'ANN@one.example' });
    const { noticeId, deliveries } = await planned();
    expect(deliveries).toHaveLength(3);
    // Who is asked again later hears no more of it.
    await hear({ address: 'late@front-office.example' });
    expect(await run(all.bench.notices.planNotice, { agencyId, noticeId: noticeId! })).toEqual(deliveries);
    for (const { deliveryId } of deliveries) await send(deliveryId);
    expect(mail.mails.map(({ to }) => to.toLowerCase()).sort()).toEqual([
      'ann@one.example',
      DESK,
      'east@front-office.example',
    ]);
  });

  it('is not sent to a rep who is muted, and says so', async () => {
    await hear({ recipient: 'rep', address: null });
    const muted = { notices_muted_at: new Date() };
    const { ownerDb } = all.bench.database;
    await ownerDb.updateTable('reps').set(muted).where('id', '=', all.agency.rep('ann')).execute();
    expect((await planned()).deliveries).toEqual([]);
    expect(await standing()).toMatchObject([{ state: 'suppressed', reason: 'rep-muted' }]);
  });

  it('of another agency is unknown to this one’s steps, and so is its delivery', async () => {
    const theirs = all.neighbour.agencyId;
    await hear({}, theirs);
    const place = { locationId: all.neighbour.location('back-bay'), repId: all.neighbour.rep('ann') };
    const { noticeId, deliveries } = await planned(assigned({ agencyId: theirs, ...place }));
    const [{ deliveryId } = { deliveryId: '' }] = deliveries;
    const before = await standing();
    const steps: [string, () => Promise<unknown>][] = [
      ['NoticeUnknown', () => run(all.bench.notices.planNotice, { agencyId, noticeId: noticeId! })],
      ['DeliveryUnknown', () => send(deliveryId)],
      ['DeliveryUnknown', () => run(all.bench.notices.recordNoticeFailure, { agencyId, deliveryId, cause: 'test' })],
    ];
    for (const [type, step] of steps) expect(await failureOf(step())).toMatchObject({ type, nonRetryable: true });
    expect(steps).toHaveLength(Object.keys({ ...all.bench.notices, ...all.bench.emails }).length);
    expect(await standing()).toEqual(before);
    expect(mail.mails).toEqual([]);
  });
});

describe('a mail', () => {
  it('tells by ids and a link, marks itself as automatic, and is not sent again', async () => {
    const deliveryId = await onePlanned();
    await send(deliveryId);
    await send(deliveryId, { attempt: 2 });
    const [first, ...more] = mail.mails;
    expect(more).toEqual([]);
    expect(first!.messageId).toBe(`<notice.${deliveryId}@switchyard.example>`);
    expect(first!.subject).toBe('A lead has been assigned: Back Bay');
    expect(first!.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(first!.text).toContain(
      `https://app.gohighlevel.com/v2/location/${all.agency.ghlLocation('back-bay')}/contacts/detail/contact-1`,
    );
    expect(await standing()).toMatchObject([{ state: 'sent', attempts: 1 }]);
  });

  it('has no header but ours, whatever a location is called', async () => {
    const { ownerDb } = all.bench.database;
    const id = all.agency.location('back-bay');
    await ownerDb
      .updateTable('locations')
      .set({ name: 'Back\r\nBcc: thief@x.example <b>' })
      .where('id', '=', id)
      .execute();
    await send(await onePlanned());
    await ownerDb.updateTable('locations').set({ name: 'Back Bay' }).where('id', '=', id).execute();
    const [head] = mail.mails[0]!.raw.split('\r\n\r\n');
    expect(head).not.toMatch(/^Bcc:/im);
    expect(mail.mails[0]!.text).toContain('&lt;b&gt;');
  });

  it.each([
    ['the recipient for now', { rcpt: 450 }, 'smtp-450'],
    ['the mail for now', { data: 451 }, 'smtp-451'],
    ['nothing, for the connection is lost before the data', 'cut-before-data', 'ECONNECTION'],
  ] as const)('is tried again when the server refuses %s', async (_what, turn, reason) => {
    const deliveryId = await onePlanned();
    mail.will(turn);
    const failure = await failureOf(send(deliveryId));
    expect(failure).toMatchObject({ type: 'MailDeferred', nonRetryable: false });
    expect(await standing()).toMatchObject([{ state: 'pending', reason }]);
    await send(deliveryId, { attempt: 2 });
    expect(mail.mails).toHaveLength(1);
    expect(await standing()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it('waits while the server is away, and goes when it is back', async () => {
    const deliveryId = await onePlanned();
    await mail.stop();
    expect((await failureOf(send(deliveryId))).type).toBe('MailDeferred');
    await mail.start();
    await send(deliveryId, { attempt: 2 });
    expect(mail.mails).toHaveLength(1);
  });

  it.each([{ rcpt: 550 }, { data: 554 }])('is given up when the server refuses it for good: %o', async (turn) => {
    const deliveryId = await onePlanned();
    mail.will(turn);
    const failure = await failureOf(send(deliveryId));
    expect(failure).toMatchObject({ type: 'MailRefused', nonRetryable: true });
    expect(failure.message).not.toContain(DESK);
    const end = { agencyId, deliveryId, cause: 'MailRefused' };
    await run(all.bench.notices.recordNoticeFailure, end);
    await run(all.bench.notices.recordNoticeFailure, end);
    expect(await standing()).toMatchObject([
      { state: 'refused', reason: Object.values(turn).map((n) => `smtp-${n}`)[0] },
    ]);
    const letters = await all.agency.letters();
    expect(letters).toMatchObject([
      { capability: 'notification', cause: 'notice:MailRefused', subject_id: deliveryId },
    ]);
    // Of a notice that did not get out no notice is made.
    expect(await all.bench.database.ownerDb.selectFrom('notices').select('id').execute()).toHaveLength(1);
  });

  it('is not sent twice when the connection is lost after its data', async () => {
    const deliveryId = await onePlanned();
    mail.will('cut-after-data');
    const tries = mail.tries;
    await send(deliveryId);
    await send(deliveryId, { attempt: 2 });
    expect(mail.tries - tries).toBe(1);
    expect(await standing()).toMatchObject([{ state: 'unknown', attempts: 1 }]);
    expect(all.bench.endedDeliveries.at(-1)).toEqual(['email', 'unknown', 1]);
  });

  it('is not sent again after an attempt of which nothing is known', async () => {
    const deliveryId = await onePlanned();
    await all.bench.database.ownerDb.updateTable('notice_deliveries').set({ state: 'sending' }).execute();
    await send(deliveryId, { attempt: 2 });
    expect(mail.mails).toEqual([]);
    expect(await standing()).toMatchObject([{ state: 'unknown', reason: 'attempt-lost' }]);
  });

  it('does not go to who has unsubscribed since it was planned', async () => {
    const { subscription } = await hear();
    const { deliveries } = await planned();
    await inAgency((tx) => unsubscribe(tx, { agencyId }, subscription.id));
    await send(deliveries[0]!.deliveryId);
    expect(mail.mails).toEqual([]);
    expect(await standing()).toMatchObject([{ state: 'suppressed', reason: 'unsubscribed' }]);
    expect(await inAgency((tx) => recordNotice(tx, assigned()))).toBe(false);
  });
});

describe('what operators are told', () => {
  /** So many dead letters, each with its planned delivery. */
  async function leaveLetters(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const subject = { kind: 'record' as const, id: `note:${uuidv7()}` };
      const letter = { agencyId, locationId: null, advice: 'x', subject, workflowId: null };
      await inAgency((tx) => addDeadLetter(tx, { ...letter, capability: 'contact-sync', cause: 'read:GhlInvalid' }));
      const { ownerDb } = all.bench.database;
      const notice = await ownerDb
        .selectFrom('notices')
        .select('id')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      const deliveries = await run(all.bench.notices.planNotice, { agencyId, noticeId: notice.id });
      ids.push(deliveries[0]!.deliveryId);
    }
    return ids;
  }

  it('of dead letters comes at once, and then gathered', async () => {
    await hear();
    const start = Date.now();
    const [first] = await leaveLetters(1);
    await send(first!);
    expect(mail.mails[0]!.subject).toBe('Work has stopped for good and waits for an operator');
    const later = await leaveLetters(60);
    const failure = await failureOf(send(later[0]!));
    expect(failure).toMatchObject({ type: 'MailWaits', nonRetryable: false });
    expect(mail.mails).toHaveLength(1);
    all.bench.clock.at = new Date(start + GATHER_MS + 60_000);
    await send(later[7]!, { attempt: 2 });
    for (const deliveryId of later) await send(deliveryId, { attempt: 2 });
    expect(mail.mails).toHaveLength(2);
    expect(mail.mails[1]!.subject).toBe('Work has stopped for good 60 times and waits for an operator');
    expect(mail.mails[1]!.text).toContain('and 10 more.');
    expect(new Set((await standing()).map(({ state }) => state))).toEqual(new Set(['sent']));
  });

  it('goes again as a whole when the gathered mail was not taken', async () => {
    await hear();
    const [first, second] = await leaveLetters(2);
    mail.will({ data: 451 });
    expect((await failureOf(send(first!))).type).toBe('MailDeferred');
    expect((await standing()).map(({ state }) => state)).toEqual(['pending', 'pending']);
    await send(second!);
    expect(mail.mails).toHaveLength(1);
    expect(mail.mails[0]!.subject).toContain('2 times');
  });
});
