import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Transaction } from 'kysely';
import {
  beginDeliveries,
  type Delivery,
  endDeliveries,
  findDelivery,
  lockDelivery,
  putDeliveriesBack,
} from '../db/notice-deliveries.ts';
import { findLastTry, gatherDeliveries, listGathered, lockFlow } from '../db/notice-gathering.ts';
import { listMailedNotices } from '../db/notice-mails.ts';
import { listSubscriptions, openAddress, readSurroundings } from '../db/notice-subscriptions.ts';
import { findNotice } from '../db/notices.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { type DeliveryState, isOperatorTopic, type NoticeChannel } from '../domain/notice.ts';
import { composeNoticeMail, type NoticeMail, SPELT_OUT } from '../domain/notice-mail.ts';
import { judgeDelivery } from '../domain/notice-recipients.ts';
import type { Mailer, MailOutcome } from '../mail/mailer.ts';
import type { StoreDeps } from './dependencies.ts';
import { mapStoreFailures } from './store-failure.ts';

/** Hears how deliveries end. */
export interface NoticeObserver {
  ended(channel: NoticeChannel, state: DeliveryState, count: number): void;
}

export interface NoticeDeps extends StoreDeps {
  /** Null: no mail server is configured, and the channel is off. */
  mailer: Mailer | null;
  /** How long an operator who has had a mail on a topic waits for the next, in which all since then is gathered. */
  gatherMs: number;
  noticeObserver?: NoticeObserver;
}

export interface DeliveryArgs {
  agencyId: string;
  deliveryId: string;
}

type End = { state: Exclude<DeliveryState, 'pending' | 'sending'>; reason: string | null };

/** What is to be sent now, with all that goes along; or that nothing is, because it has ended or waits its turn. */
type Turn = { ids: string[]; address: string; mail: NoticeMail } | 'ended' | { waitMs: number };

/** Those who wait for the same mail do not come back at the same moment. */
const jittered = (ms: number): number => Math.ceil(Math.max(ms, 200) * (1 + Math.random() * 0.2));

/** The step that sends a notice by e-mail. */
export function createNoticeEmailActivities(deps: NoticeDeps) {
  const { db, keys, now, mailer, noticeObserver } = deps;

  /**
   * Sends a mail once. Repeatable: that it is being sent is committed before the server hears of it, and who finds that
   * without an end does not know whether it went, and leaves it at that. What the server has certainly not taken is
   * tried again.
   * @throws ApplicationFailure MailWaits (benign) while what goes to an operator is gathered; MailDeferred; MailRefused, final
   */
  async function sendNoticeEmail(args: DeliveryArgs): Promise<void> {
    const { agencyId, deliveryId } = args;
    const turn = await withScope(db, { agencyId }, (tx) => takeTurn(tx, deliveryId));
    if (turn === 'ended') return;
    if ('waitMs' in turn) {
      throw ApplicationFailure.create({
        type: 'MailWaits',
        message: 'the recipient has just had a mail on this topic: this goes with the next',
        category: ApplicationFailureCategory.BENIGN,
        nextRetryDelay: jittered(turn.waitMs),
      });
    }
    const { ids, address, mail } = turn;
    // A process that is to end leaves it to another one, as long as nothing has gone.
    const signal = Context.current().cancellationSignal;
    const outcome = await mailer!.send({ ...mail, id: `notice.${deliveryId}`, to: address, now: now() }, signal);
    await withScope(db, { agencyId }, (tx) => keepOutcome(tx, ids, outcome));
    const reason = 'reason' in outcome ? outcome.reason : '';
    if (outcome.outcome === 'deferred') throw ApplicationFailure.retryable(`not taken: ${reason}`, 'MailDeferred');
    if (outcome.outcome === 'refused') throw ApplicationFailure.nonRetryable(`refused: ${reason}`, 'MailRefused');
  }

  async function takeTurn(tx: Transaction<Database>, deliveryId: string): Promise<Turn> {
    const known = await findDelivery(tx, deliveryId);
    if (!known) throw ApplicationFailure.nonRetryable('no such delivery in this agency', 'DeliveryUnknown');
    const isGathered = isOperatorTopic(known.topic);
    // Before its row: who gathers takes the rows of those who wait here.
    if (isGathered) await lockFlow(tx, known);
    const delivery = await lockDelivery(tx, deliveryId);
    if (!delivery) return 'ended';
    if (delivery.state === 'sending') return takeOver(tx, delivery);
    if (delivery.state !== 'pending') return 'ended';
    const refusal = await judge(tx, delivery);
    if (refusal !== null) return ended(tx, [deliveryId], { state: 'suppressed', reason: refusal });
    const waitMs = isGathered ? await waitOf(tx, delivery) : 0;
    if (waitMs > 0) return { waitMs };
    const ids = isGathered ? await gatherDeliveries(tx, delivery) : [deliveryId];
    await beginDeliveries(tx, ids, now());
    const [first, ...rest] = await listMailedNotices(tx, ids, SPELT_OUT);
    const mail = composeNoticeMail([first!, ...rest], ids.length);
    return { ids, address: openAddress(keys, delivery.address!, delivery), mail };
  }

  /** Somebody was sending it: the delivery it went along with, or an earlier attempt of this step that was lost. */
  async function takeOver(tx: Transaction<Database>, delivery: Delivery): Promise<Turn> {
    if (delivery.gatheredInto !== null) return { waitMs: deps.gatherMs };
    return ended(tx, await listGathered(tx, delivery.id), { state: 'unknown', reason: 'attempt-lost' });
  }

  /** Why a mail does not go, as things are now: somebody may have unsubscribed since it was planned. */
  async function judge(tx: Transaction<Database>, delivery: Delivery): Promise<string | null> {
    if (mailer === null) return 'channel-off';
    const notice = await findNotice(tx, delivery.noticeId);
    if (!notice || delivery.address === null) return 'unsubscribed';
    const address = openAddress(keys, delivery.address, delivery);
    const subscriptions = await listSubscriptions(tx, keys);
    return judgeDelivery(notice, address, subscriptions, await readSurroundings(tx, notice));
  }

  async function waitOf(tx: Transaction<Database>, delivery: Delivery): Promise<number> {
    const last = await findLastTry(tx, delivery);
    return last === undefined ? 0 : last.getTime() + deps.gatherMs - now().getTime();
  }

  async function keepOutcome(tx: Transaction<Database>, ids: string[], outcome: MailOutcome): Promise<void> {
    if (outcome.outcome === 'deferred') await putDeliveriesBack(tx, ids, outcome.reason);
    else await ended(tx, ids, { state: outcome.outcome, reason: 'reason' in outcome ? outcome.reason : null });
  }

  async function ended(tx: Transaction<Database>, ids: string[], end: End): Promise<'ended'> {
    const count = await endDeliveries(tx, ids, { ...end, now: now() });
    noticeObserver?.ended('email', end.state, count);
    return 'ended';
  }

  return mapStoreFailures({ sendNoticeEmail });
}

export type NoticeEmailActivities = ReturnType<typeof createNoticeEmailActivities>;
