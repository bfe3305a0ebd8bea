import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { unseal } from '../crypto/seal.ts';
import { audit } from '../db/audit-log.ts';
import { addDeadLetter } from '../db/dead-letters.ts';
import { findEvent } from '../db/events.ts';
import { markUninstalled } from '../db/installs.ts';
import { type LeadCause, tellLeads } from '../db/lead-follow-up.ts';
import { listOpenLeadIds } from '../db/leads.ts';
import { createLocation, findLocationByGhlId, listLocations, updateLocation } from '../db/locations.ts';
import { createRep, listRepsOfGhlUser, listRepsOfLocation, updateRep } from '../db/reps.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { AccountEvent } from '../domain/account-event.ts';
import { joinRotation } from '../domain/rotation.ts';
import { accountSyncWorkflowId } from '../domain/workflow-ids.ts';
import { type GhlEvent, parseGhlEvent } from '../ghl/webhooks.ts';
import type { StoreDeps } from './dependencies.ts';

type Tx = Transaction<Database>;
type UserEvent = Extract<GhlEvent, { type: 'UserCreate' | 'UserUpdate' | 'UserDelete' }>;

export interface AccountChange {
  locationId: string | null;
  /** The account was installed: its token is to be had from GHL. */
  needsToken: boolean;
}

export function createAccountActivities(deps: StoreDeps) {
  /** Applies one INSTALL, UNINSTALL or user event to our side. Repeatable: each step finds what it did before. */
  async function applyAccountEvent(args: { agencyId: string; event: AccountEvent }): Promise<AccountChange> {
    const { agencyId } = args;
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      const { event, locationId } = await readEvent(tx, args.event);
      const cause: LeadCause = { agencyId, causeId: args.event.eventRowId, now };
      switch (event.type) {
        case 'INSTALL':
          return install(tx, cause, event.locationId);
        case 'UNINSTALL':
          await uninstall(tx, cause, event.locationId);
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

  async function readEvent(tx: Tx, of: AccountEvent): Promise<{ event: GhlEvent; locationId: string | null }> {
    const stored = await findEvent(tx, of.eventRowId, new Date(of.eventReceivedAt));
    if (!stored?.body) throw ApplicationFailure.nonRetryable('the event is gone', 'AccountEventGone');
    const owner = { agencyId: stored.agencyId, locationId: stored.locationId, purpose: 'event-body' };
    const parsed = parseGhlEvent(JSON.parse(unseal(deps.keys, stored.body, owner).toString('utf8')));
    if (parsed.outcome !== 'event') throw ApplicationFailure.nonRetryable('no account event', 'AccountEventUnreadable');
    return { event: parsed.event, locationId: stored.locationId };
  }

  /** The location's token could not be had for good: an operator connects it again. */
  async function recordInstallFailure(args: { agencyId: string; locationId: string; cause: string }): Promise<void> {
    const { agencyId, locationId, cause } = args;
    await withScope(deps.db, { agencyId }, (tx) =>
      addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'account-sync',
        cause: `install:${cause}`,
        advice: `The app was installed in this location, but GHL gives no token for it (${cause}). Connect the agency again, or store a private integration token.`,
        subject: { kind: 'location', id: locationId },
        workflowId: accountSyncWorkflowId(agencyId, locationId),
      }),
    );
  }

  return { applyAccountEvent, recordInstallFailure };
}

export type AccountActivities = ReturnType<typeof createAccountActivities>;

/** A location that is not in the tree yet is put under the master, not live: an operator places it and switches it live. */
async function install(tx: Tx, cause: LeadCause, ghlLocationId: string | null): Promise<AccountChange> {
  const { agencyId, now } = cause;
  if (ghlLocationId === null) return { locationId: null, needsToken: false };
  const known = await findLocationByGhlId(tx, ghlLocationId);
  if (known) {
    await updateLocation(tx, known.id, { installed_at: known.installed_at ?? now });
    return { locationId: known.id, needsToken: true };
  }
  const master = (await listLocations(tx)).find((location) => location.kind === 'master');
  if (!master) throw ApplicationFailure.nonRetryable('the agency has no master location', 'NoMasterLocation');
  const id = uuidv7();
  await createLocation(tx, {
    id,
    agency_id: agencyId,
    parent_id: master.id,
    kind: 'location',
    name: `GHL location ${ghlLocationId}`,
    ghl_location_id: ghlLocationId,
    is_intake: false,
    installed_at: now,
  });
  await record(tx, agencyId, 'location.add', `location:${id}`);
  return { locationId: id, needsToken: true };
}

async function uninstall(tx: Tx, cause: LeadCause, ghlLocationId: string | null): Promise<void> {
  const { agencyId, now } = cause;
  const locations = await listLocations(tx);
  // An agency that removes the app removes it from all its locations.
  const gone = ghlLocationId === null ? locations : locations.filter((each) => each.ghl_location_id === ghlLocationId);
  if (ghlLocationId === null) await markUninstalled(tx, agencyId, null, now);
  for (const { id } of gone) {
    await markUninstalled(tx, agencyId, id, now);
    await updateLocation(tx, id, { installed_at: null, live_at: null });
    await tellLeads(tx, cause, id, await listOpenLeadIds(tx, { locationId: id }), {
      kind: 'location-uninstalled',
      locationId: id,
    });
    await record(tx, agencyId, 'location.uninstall', `location:${id}`);
  }
}

/** Users become reps of the location they work in: plain users take leads at once, admins only when an operator says so. */
async function followUser(tx: Tx, cause: LeadCause, locationId: string | null, event: UserEvent): Promise<void> {
  const { agencyId } = cause;
  const reps = await listRepsOfGhlUser(tx, event.id);
  if (event.type === 'UserDelete') {
    for (const rep of reps.filter((each) => locationId === null || each.location_id === locationId)) {
      await updateRep(tx, rep.id, { status: 'removed' });
      const leadIds = await listOpenLeadIds(tx, { repId: rep.id });
      await tellLeads(tx, cause, rep.location_id, leadIds, { kind: 'rep-unavailable', repId: rep.id });
      await record(tx, agencyId, 'rep.remove', `rep:${rep.id}`);
    }
    return;
  }
  const name = [event.firstName, event.lastName].filter(Boolean).join(' ') || 'GHL user';
  for (const rep of reps) await updateRep(tx, rep.id, { name, email: event.email });
  if (locationId === null || reps.some((rep) => rep.location_id === locationId && rep.status !== 'removed')) return;
  const others = (await listRepsOfLocation(tx, locationId)).filter((rep) => rep.status === 'active');
  const pass = joinRotation(others.map((rep) => ({ rotationPass: rep.rotation_pass })));
  const returning = reps.find((rep) => rep.location_id === locationId);
  if (returning) {
    await updateRep(tx, returning.id, { status: 'active', rotation_pass: Math.max(pass, returning.rotation_pass) });
    return;
  }
  const id = uuidv7();
  await createRep(tx, {
    id,
    agency_id: agencyId,
    location_id: locationId,
    ghl_user_id: event.id,
    name,
    email: event.email,
    status: event.role === 'admin' ? 'suspended' : 'active',
    rotation_pass: pass,
  });
  await record(tx, agencyId, 'rep.add', `rep:${id}`);
}

const record = (tx: Tx, agencyId: string, action: string, subject: string): Promise<void> =>
  audit(tx, { agencyId, actor: 'ghl', action, subject, origin: 'webhook' });
