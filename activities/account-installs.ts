import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { audit } from '../db/audit-log.ts';
import { listInstalls, markUninstalled } from '../db/installs.ts';
import { type LeadCause, tellLeads } from '../db/lead-follow-up.ts';
import { listOpenLeadIds } from '../db/leads.ts';
import { addListedLocation, findLocationByGhlId, listLocations, updateLocation } from '../db/locations.ts';
import type { Database } from '../db/schema.ts';
import { decideUninstall, type Occurrence } from '../domain/account-event.ts';
import { nameFromGhl } from '../domain/location-name.ts';

type Tx = Transaction<Database>;

export interface AccountCause extends LeadCause {
  /** When it happened in GHL. */
  occurred: Occurrence;
}

export interface AccountChange {
  locationId: string | null;
  /** The account was installed: its token is to be had from GHL. */
  needsToken: boolean;
}

/** A location that is not in the tree yet is put under the master, not live: an operator places it and switches it live. */
export async function install(tx: Tx, cause: AccountCause, ghlLocationId: string | null): Promise<AccountChange> {
  if (ghlLocationId === null) return { locationId: null, needsToken: false };
  const known = await findLocationByGhlId(tx, ghlLocationId);
  if (!known) return { locationId: await addLocation(tx, cause, ghlLocationId), needsToken: true };
  const { installed_at: before } = known;
  // The newest one counts, so that an older UNINSTALL which comes later ends nothing.
  if (before === null || before < cause.occurred.at) {
    await updateLocation(tx, known.id, { installed_at: cause.occurred.at });
  }
  if (before === null) await record(tx, cause, 'location.install', known.id);
  return { locationId: known.id, needsToken: true };
}

async function addLocation(tx: Tx, cause: AccountCause, ghlLocationId: string): Promise<string> {
  const master = (await listLocations(tx)).find((location) => location.kind === 'master');
  if (!master) throw ApplicationFailure.nonRetryable('the agency has no master location', 'NoMasterLocation');
  const id = uuidv7();
  const { agencyId, occurred } = cause;
  const name = nameFromGhl(ghlLocationId, null);
  const location = { id, agencyId, parentId: master.id, name, ghlLocationId, installedAt: occurred.at };
  // Events of one agency follow one another, so only another agency can have it.
  if (!(await addListedLocation(tx, location))) {
    throw ApplicationFailure.nonRetryable('the location belongs to another agency', 'LocationOfAnotherAgency');
  }
  await record(tx, cause, 'location.add', id);
  return id;
}

/** Ends what was installed when GHL said so; what was installed again since then stays. */
export async function uninstall(tx: Tx, cause: AccountCause, ghlLocationId: string | null): Promise<void> {
  const { agencyId, now, occurred } = cause;
  const locations = await listLocations(tx);
  const isBack = ({ installed_at }: { installed_at: Date | null }): boolean =>
    decideUninstall(installed_at, occurred.at).reason === 'installed-since';
  // An agency that removes the app removes it from all its locations.
  const named = ghlLocationId === null ? locations : locations.filter((each) => each.ghl_location_id === ghlLocationId);
  if (ghlLocationId === null && !locations.some(isBack) && (await hasAuthority(tx))) {
    await markUninstalled(tx, agencyId, null, now);
  }
  for (const { id, installed_at: installedAt } of named) {
    if (!decideUninstall(installedAt, occurred.at).ends) continue;
    // The location first: a token that is being stored for it holds its row, and is there to be marked after that.
    await updateLocation(tx, id, { installed_at: null, live_at: null });
    await markUninstalled(tx, agencyId, id, now);
    const change = { kind: 'location-uninstalled' as const, locationId: id };
    await tellLeads(tx, cause, id, await listOpenLeadIds(tx, { locationId: id }), change);
    await record(tx, cause, 'location.uninstall', id);
  }
}

/** Whether the agency itself is connected, apart from its locations. */
const hasAuthority = async (tx: Tx): Promise<boolean> =>
  (await listInstalls(tx)).some(
    (each) => each.location_id === null && each.purpose === 'locations' && each.status !== 'uninstalled',
  );

const record = (tx: Tx, { agencyId }: AccountCause, action: string, locationId: string): Promise<void> =>
  audit(tx, { agencyId, actor: 'ghl', action, subject: `location:${locationId}`, origin: 'webhook' });
