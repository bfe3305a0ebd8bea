import type { Transaction } from 'kysely';
import { type EventTimes, planEvent } from '../db/event-plans.ts';
import type { Database } from '../db/schema.ts';
import { findAccountOfGhlLocation, findAgencyOfGhlCompany, type IntakeAccount } from '../db/tenants.ts';
import type { EventFacts } from '../domain/event-plan.ts';
import type { EventIntake, EventOwner, EventPlan, Receipt } from './event-intake.ts';
import type { GhlDelivery } from './ghl-delivery.ts';

type Tx = Transaction<Database>;
type GhlOwner = EventOwner & { account: IntakeAccount | undefined };

/** Takes a delivery of GHL in: whose it is, whether it is new, and what it asks for. */
export function takeGhlDelivery(intake: EventIntake, delivery: GhlDelivery, body: Buffer): Promise<Receipt> {
  const { key, type, ghlLocationId, ghlContactId, occurredAt } = delivery;
  return intake.take<GhlOwner>({
    source: 'ghl',
    key,
    type,
    ghlLocationId,
    ghlContactId,
    ghlRecordId: delivery.change?.ghlId ?? null,
    occurredAt,
    body,
    findOwner: (tx) => findOwner(tx, delivery),
    async plan(tx, owner, { rowId, receivedAt }) {
      if (owner.status === 'unparseable') return { deadLetter: unreadableLetter(delivery, rowId) };
      if (owner.status === 'unknown-tenant') return planUnknownTenant(delivery);
      if (delivery.facts.kind === 'account') return { isAccountEvent: true };
      // Late deliveries must not undo what a newer one showed; a clock that runs ahead must not win either.
      const at = new Date(Math.min((occurredAt ?? receivedAt).getTime(), receivedAt.getTime()));
      const plan = await planForAccount(tx, delivery.facts, owner.account, { receivedAt, observedAt: at });
      return { ...plan, ...(delivery.change && { contactChange: delivery.change }) };
    },
  });
}

async function findOwner(tx: Tx, delivery: GhlDelivery): Promise<GhlOwner> {
  const { ghlLocationId, ghlCompanyId, unreadable } = delivery;
  const account = ghlLocationId === null ? undefined : await findAccountOfGhlLocation(tx, ghlLocationId);
  // The workflow that follows an INSTALL makes the location; every other event needs one that we know.
  const mayComeByCompany = ghlLocationId === null || delivery.isInstall;
  const companyAgencyId = account || ghlCompanyId === null ? undefined : await findAgencyOfGhlCompany(tx, ghlCompanyId);
  const agencyId = account?.agencyId ?? companyAgencyId ?? null;
  const isKnown = account !== undefined || (companyAgencyId !== undefined && mayComeByCompany);
  const statusOfReadable = !isKnown ? 'unknown-tenant' : delivery.isListed ? 'accepted' : 'ignored';
  return {
    agencyId,
    locationId: account?.locationId ?? null,
    status: unreadable === null ? statusOfReadable : 'unparseable',
    account,
  };
}

const unreadableLetter = (delivery: GhlDelivery, rowId: string): NonNullable<EventPlan['deadLetter']> => ({
  cause: `unparseable:${delivery.unreadable}`,
  advice: `A signed delivery of type ${delivery.type} could not be read (${delivery.unreadable}). Its body is kept: compare it with GHL's schema, and look at the record in GHL.`,
  subject: { kind: 'event', id: rowId },
});

/** One letter a location or company, however many events it sends. What nothing acts on needs none. */
function planUnknownTenant({ ghlLocationId, ghlCompanyId, facts }: GhlDelivery): EventPlan {
  const subject = ghlLocationId ?? ghlCompanyId;
  if (subject === null && facts.kind === 'other') return {};
  return {
    deadLetter: {
      cause: 'unknown-tenant',
      advice:
        'GHL sends events of an account that no agency has. Add it with `cli locations add`, or uninstall the app there; then have GHL deliver again from its log of webhooks.',
      subject: { kind: 'ghl-account', id: subject ?? 'none' },
    },
  };
}

async function planForAccount(
  tx: Tx,
  facts: EventFacts,
  account: IntakeAccount | undefined,
  times: EventTimes,
): Promise<EventPlan> {
  if (!account || (facts.kind !== 'contact' && facts.kind !== 'opportunity')) return {};
  return planEvent(tx, facts, account, times);
}
