import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { addDeadLetter } from '../db/dead-letters.ts';
import { findEvent } from '../db/events.ts';
import { markUninstalled } from '../db/installs.ts';
import { lockRouting } from '../db/routing.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { type AccountEvent, whenItHappened } from '../domain/account-event.ts';
import { accountSyncWorkflowId } from '../domain/workflow-ids.ts';
import type { AppIds } from '../ghl/calls.ts';
import { type GhlEvent, parseGhlEvent } from '../ghl/webhooks.ts';
import { askedForAt } from './activity-call.ts';
import { type AccountChange, install, uninstall } from './account-installs.ts';
import { followUser } from './account-users.ts';
import type { StoreDeps } from './dependencies.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';
import { readStoredBody } from './stored-body.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface AccountDeps extends StoreDeps {
  /** The ids of our apps: which of them an event is about. */
  appIds: AppIds;
}

export function createAccountActivities(deps: AccountDeps) {
  /**
   * Applies one INSTALL, UNINSTALL or user event to our side. Repeatable: each step finds what it did before.
   * It waits for routing decisions under way, so that none of them gives a lead to who is gone a moment later.
   */
  async function applyAccountEvent(args: { agencyId: string; event: AccountEvent }): Promise<AccountChange> {
    const { agencyId } = args;
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      const { event, locationId } = await readEvent(tx, args.event);
      await lockRouting(tx, agencyId);
      const occurred = whenItHappened(event.timestamp, args.event);
      const cause = { agencyId, causeId: args.event.eventRowId, now, occurred };
      switch (event.type) {
        case 'INSTALL':
          // The app that makes new locations is installed on the agency, and brings no location with it.
          if (isOfProvisioning(event.appId)) return { locationId, needsToken: false };
          return install(tx, cause, event.locationId);
        case 'UNINSTALL':
          if (isOfProvisioning(event.appId)) await markUninstalled(tx, agencyId, null, now, 'provisioning');
          else await uninstall(tx, cause, event.locationId);
          return { locationId, needsToken: false };
        case 'UserCreate':
        case 'UserUpdate':
        case 'UserDelete':
          await followUser(tx, cause, locationId, event);
          return { locationId, needsToken: false };
        default:
          return { locationId, needsToken: false };
      }
    });
  }

  const isOfProvisioning = (appId: string | null): boolean => appId !== null && appId === deps.appIds.provisioning;

  async function readEvent(
    tx: Transaction<Database>,
    of: AccountEvent,
  ): Promise<{ event: GhlEvent; locationId: string | null }> {
    const { rowId, receivedAt } = namedEvent(of);
    const stored = await findEvent(tx, rowId, receivedAt);
    if (!stored?.body) throw ApplicationFailure.nonRetryable('the event is gone', 'AccountEventGone');
    const parsed = parseGhlEvent(readStoredBody(deps.keys, stored, stored.body));
    if (parsed.outcome !== 'event') throw ApplicationFailure.nonRetryable('no account event', 'AccountEventUnreadable');
    return { event: parsed.event, locationId: stored.locationId };
  }

  /** An event that cannot be applied for good is put before an operator. Repeatable. */
  async function recordEventFailure(args: { agencyId: string; event: AccountEvent; cause: string }): Promise<void> {
    const { agencyId, event, cause } = args;
    await withScope(deps.db, { agencyId }, (tx) =>
      addDeadLetter(tx, {
        agencyId,
        locationId: null,
        capability: 'account-sync',
        cause: `event:${cause}`,
        advice: `An INSTALL, UNINSTALL or user event could not be applied (${cause}). Bring the location or its reps into step by hand.`,
        subject: { kind: 'event', id: String(event?.eventRowId ?? 'unknown').slice(0, 100) },
        workflowId: null,
        failedAt: askedForAt(),
      }),
    );
  }

  /** GHL would not tell what an event left out: an operator looks at the record. Repeatable. */
  async function recordRereadFailure(args: { agencyId: string; event: AccountEvent; cause: string }): Promise<void> {
    const { agencyId, event, cause } = args;
    await withScope(deps.db, { agencyId }, async (tx) => {
      const isNamed = UUID.test(String(event?.eventRowId)) && !Number.isNaN(Date.parse(event.eventReceivedAt));
      const stored = isNamed ? await findEvent(tx, event.eventRowId, new Date(event.eventReceivedAt)) : undefined;
      const locationId = stored?.locationId ?? null;
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'account-sync',
        cause: `reread:${cause}`,
        advice: `An event (${stored?.type ?? 'unknown'}) did not tell enough, and GHL did not give the rest (${cause}). Look at the contact or opportunity in GHL, and reassign, close or enter the lead by hand if it was for one.`,
        subject: { kind: 'event', id: String(event?.eventRowId ?? 'unknown').slice(0, 100) },
        workflowId: accountSyncWorkflowId(agencyId, locationId),
        failedAt: askedForAt(),
      });
    });
  }

  /** The location's token could not be had for good: an operator connects it again. Repeatable. */
  async function recordInstallFailure(args: { agencyId: string; locationId: string; cause: string }): Promise<void> {
    const { agencyId, locationId, cause } = args;
    await withScope(deps.db, { agencyId }, async (tx) => {
      await requireLocation(tx, locationId);
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'account-sync',
        cause: `install:${cause}`,
        advice: `The app was installed in this location, but GHL gives no token for it (${cause}). Connect the agency again, or store a private integration token.`,
        subject: { kind: 'location', id: locationId },
        workflowId: accountSyncWorkflowId(agencyId, locationId),
        failedAt: askedForAt(),
      });
    });
  }

  return mapStoreFailures({ applyAccountEvent, recordEventFailure, recordRereadFailure, recordInstallFailure });
}

/**
 * The row that an event names. Whoever can reach Temporal can signal anything.
 * @throws ApplicationFailure AccountEventMalformed, final
 */
export function namedEvent(event: AccountEvent): { rowId: string; receivedAt: Date } {
  if (!UUID.test(String(event?.eventRowId)) || Number.isNaN(Date.parse(event.eventReceivedAt))) {
    throw ApplicationFailure.nonRetryable('no event is named', 'AccountEventMalformed');
  }
  return { rowId: event.eventRowId, receivedAt: new Date(event.eventReceivedAt) };
}

export type AccountActivities = ReturnType<typeof createAccountActivities>;
