import type { Transaction } from 'kysely';
import { planEvents } from '../db/event-plans.ts';
import type { Database } from '../db/schema.ts';
import { type IntakeAccount, listAccountsOfGhlLocations, listAgenciesOfGhlCompanies } from '../db/tenants.ts';
import type { EventIntake } from './event-intake.ts';
import type { GhlDelivery } from './ghl-delivery.ts';
import type { EventOwner, EventPlan, FreshEvent, Incoming, IntakeDoor, Receipt } from './intake-door.ts';

type Tx = Transaction<Database>;
type GhlEvent = Incoming & { delivery: GhlDelivery };
type GhlOwner = EventOwner & { account: IntakeAccount | undefined };

/** Takes a delivery of GHL in: whose it is, whether it is new, and what it asks for. */
export function takeGhlDelivery(intake: EventIntake, delivery: GhlDelivery, body: Buffer): Promise<Receipt> {
  const { key, type, ghlLocationId, ghlContactId, occurredAt } = delivery;
  const ghlRecordId = delivery.change?.ghlId ?? null;
  const told = { source: 'ghl', key, type, ghlLocationId, ghlContactId, ghlRecordId, occurredAt, body } as const;
  return intake.take(ghlDoor, { ...told, delivery });
}

const ghlDoor: IntakeDoor<GhlEvent, GhlOwner> = { findOwners, plan };

async function findOwners(tx: Tx, events: readonly GhlEvent[]): Promise<GhlOwner[]> {
  const accounts = await listAccountsOfGhlLocations(tx, distinct(events.map(({ ghlLocationId }) => ghlLocationId)));
  const homeless = events.filter(({ ghlLocationId }) => !accounts.has(ghlLocationId ?? ''));
  const companies = distinct(homeless.map(({ delivery }) => delivery.ghlCompanyId));
  const agencies = await listAgenciesOfGhlCompanies(tx, companies);
  return events.map(({ delivery }) => {
    const account = accounts.get(delivery.ghlLocationId ?? '');
    return ownerOf(delivery, account, account ? undefined : agencies.get(delivery.ghlCompanyId ?? ''));
  });
}

const distinct = (ids: readonly (string | null)[]): string[] => [...new Set(ids)].filter((id) => id !== null);

function ownerOf(
  delivery: GhlDelivery,
  account: IntakeAccount | undefined,
  companyAgencyId: string | undefined,
): GhlOwner {
  // The workflow that follows an INSTALL makes the location; every other event needs one that we know.
  const mayComeByCompany = delivery.ghlLocationId === null || delivery.isInstall;
  const agencyId = account?.agencyId ?? companyAgencyId ?? null;
  const isKnown = account !== undefined || (companyAgencyId !== undefined && mayComeByCompany);
  const statusOfReadable = !isKnown ? 'unknown-tenant' : delivery.isListed ? 'accepted' : 'ignored';
  return {
    agencyId,
    locationId: account?.locationId ?? null,
    status: delivery.unreadable === null ? statusOfReadable : 'unparseable',
    account,
  };
}

/** What is judged without looking anything up is; the rest is looked up at once. */
async function plan(tx: Tx, events: readonly FreshEvent<GhlEvent, GhlOwner>[]): Promise<EventPlan[]> {
  const judged = events.map((event) => ({ known: planWithoutLooking(event), asked: askedOf(event) }));
  const plans = await planEvents(
    tx,
    judged.flatMap(({ known, asked }) => (known || !asked ? [] : [asked])),
  );
  const looked = plans.values();
  return judged.map(({ known, asked }, index): EventPlan => {
    if (known) return known;
    const { change } = events[index]!.event.delivery;
    const plan: EventPlan = asked ? looked.next().value! : {};
    return { ...plan, ...(change && { contactChange: change }) };
  });
}

function planWithoutLooking({ event, owner, rowId }: FreshEvent<GhlEvent, GhlOwner>): EventPlan | undefined {
  const { delivery } = event;
  if (owner.status === 'unparseable') return { deadLetter: unreadableLetter(delivery, rowId) };
  if (owner.status === 'unknown-tenant') return planUnknownTenant(delivery);
  return delivery.facts.kind === 'account' ? { isAccountEvent: true } : undefined;
}

function askedOf({ event, owner, receivedAt }: FreshEvent<GhlEvent, GhlOwner>) {
  const { facts, occurredAt } = event.delivery;
  if (!owner.account || (facts.kind !== 'contact' && facts.kind !== 'opportunity')) return undefined;
  // Late deliveries must not undo what a newer one showed; a clock that runs ahead must not win either.
  const observedAt = new Date(Math.min((occurredAt ?? receivedAt).getTime(), receivedAt.getTime()));
  return { facts, account: owner.account, times: { receivedAt, observedAt } };
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
