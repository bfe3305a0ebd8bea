import { ApplicationFailure } from '@temporalio/activity';
import type { Insertable, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { audit } from '../db/audit-log.ts';
import { type LeadCause, tellLeads } from '../db/lead-follow-up.ts';
import { listOpenLeadIds } from '../db/leads.ts';
import { listLocations } from '../db/locations.ts';
import { createRep, listRepsOfGhlUser, listRepsOfLocation, updateRep } from '../db/reps.ts';
import type { Database, Rep } from '../db/schema.ts';
import { decideReturn, isStale } from '../domain/account-event.ts';
import { joinRotation } from '../domain/rotation.ts';
import type { GhlEvent } from '../ghl/webhooks.ts';
import type { AccountCause } from './account-installs.ts';

type Tx = Transaction<Database>;
type UserEvent = Extract<GhlEvent, { type: 'UserCreate' | 'UserUpdate' | 'UserDelete' }>;

/**
 * Users become reps of the location they work in: plain users take leads at once, admins only when an operator says so.
 * GHL's events come in any order, so each counts only when nothing newer of its kind came before. An update never brings
 * a removed rep back.
 * @throws ApplicationFailure UserOrderUnknown, final: the rep was removed, and nobody can tell whether after this creation
 */
export async function followUser(
  tx: Tx,
  cause: AccountCause,
  locationId: string | null,
  event: UserEvent,
): Promise<void> {
  const reps = await listRepsOfGhlUser(tx, event.id);
  if (event.type === 'UserDelete') return removeUser(tx, cause, locationId, event.id, reps);
  const { occurred } = cause;
  const name = [event.firstName, event.lastName].filter(Boolean).join(' ');
  const told = { ...(name !== '' && { name }), ...(event.email !== null && { email: event.email }) };
  for (const rep of reps) {
    if (Object.keys(told).length === 0 || isStale(rep.told_at, occurred)) continue;
    await updateRep(tx, rep.id, { ...told, told_at: occurred.at });
  }
  if (locationId === null) return;

  const here = reps.find((rep) => rep.location_id === locationId);
  if (event.type === 'UserUpdate' && here) return;
  if (here && here.status !== 'removed') {
    if (!isStale(here.standing_at, occurred)) await updateRep(tx, here.id, { standing_at: occurred.at });
    return;
  }
  const removed = here ?? (await findRemovedEverywhere(tx, reps));
  if (removed) {
    const { returns, reason } = decideReturn(removed.standing_at, occurred);
    if (reason === 'order-unknown') {
      throw ApplicationFailure.nonRetryable('nobody can tell whether the user was removed since', 'UserOrderUnknown');
    }
    if (!returns) return;
  }
  await letIn(tx, cause, locationId, here, event, name || 'GHL user');
}

async function letIn(
  tx: Tx,
  cause: AccountCause,
  locationId: string,
  here: Rep | undefined,
  event: UserEvent,
  name: string,
): Promise<void> {
  const { at } = cause.occurred;
  const others = (await listRepsOfLocation(tx, locationId)).filter((rep) => rep.status === 'active');
  const pass = joinRotation(
    others.map((rep) => ({ rotationPass: rep.rotation_pass })),
    here?.rotation_pass,
  );
  const standing = {
    status: event.role === 'admin' ? ('suspended' as const) : ('active' as const),
    rotation_pass: pass,
    standing_at: at,
  };
  if (here) {
    await updateRep(tx, here.id, standing);
    await record(tx, cause, 'rep.return', here.id);
    return;
  }
  const id = await addRep(tx, cause, locationId, { ghlUserId: event.id, name, email: event.email, ...standing });
  await record(tx, cause, 'rep.add', id);
}

async function addRep(
  tx: Tx,
  { agencyId, occurred }: AccountCause,
  locationId: string,
  rep: Pick<Insertable<Database['reps']>, 'name' | 'email' | 'status' | 'rotation_pass'> & { ghlUserId: string },
): Promise<string> {
  const { ghlUserId, ...fields } = rep;
  const id = uuidv7();
  const times = { standing_at: occurred.at, told_at: occurred.at };
  const owner = { agency_id: agencyId, location_id: locationId, ghl_user_id: ghlUserId };
  await createRep(tx, { id, ...owner, ...fields, ...times });
  return id;
}

/**
 * Removes the user here, or everywhere where no location is named. The removal of somebody nobody knows is remembered
 * all the same, for their creation may come after it; one that names no location is remembered at the master.
 */
async function removeUser(
  tx: Tx,
  cause: AccountCause,
  locationId: string | null,
  ghlUserId: string,
  reps: Rep[],
): Promise<void> {
  const concerned = reps.filter((rep) => locationId === null || rep.location_id === locationId);
  for (const rep of concerned) if (!isStale(rep.standing_at, cause.occurred)) await removeRep(tx, cause, rep);
  const rememberAt = concerned.length > 0 ? undefined : (locationId ?? (await findMasterId(tx)));
  if (rememberAt !== undefined) {
    await addRep(tx, cause, rememberAt, { ghlUserId, name: 'GHL user', email: null, status: 'removed' });
  }
}

const findMasterId = async (tx: Tx): Promise<string | undefined> =>
  (await listLocations(tx)).find((location) => location.kind === 'master')?.id;

/** Where the removal of a user is remembered that named no location. */
async function findRemovedEverywhere(tx: Tx, reps: Rep[]): Promise<Rep | undefined> {
  const removed = reps.filter((rep) => rep.status === 'removed');
  const masterId = removed.length === 0 ? undefined : await findMasterId(tx);
  return removed.find((rep) => rep.location_id === masterId);
}

async function removeRep(tx: Tx, cause: AccountCause, rep: Rep): Promise<void> {
  const { at } = cause.occurred;
  if (rep.status === 'removed') {
    await updateRep(tx, rep.id, { standing_at: at });
    return;
  }
  await updateRep(tx, rep.id, { status: 'removed', standing_at: at });
  const leadIds = await listOpenLeadIds(tx, { repId: rep.id });
  await tellLeads(tx, cause, rep.location_id, leadIds, { kind: 'rep-unavailable', repId: rep.id });
  await record(tx, cause, 'rep.remove', rep.id);
}

const record = (tx: Tx, { agencyId }: LeadCause, action: string, repId: string): Promise<void> =>
  audit(tx, { agencyId, actor: 'ghl', action, subject: `rep:${repId}`, origin: 'webhook' });
