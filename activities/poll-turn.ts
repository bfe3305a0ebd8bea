import { Context } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import type { MirrorPlace } from '../db/mirror-place.ts';
import { findGhlAddress, type GhlAddress } from '../db/locations.ts';
import { findPass, getRepairPolicy, type PollPass, savePass } from '../db/poll-passes.ts';
import { findIntakeAccount, type IntakeAccount } from '../db/tenants.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { PassKind, PolledResource, PollPolicy, PollRule } from '../domain/poll-rules.ts';
import type { GhlCalls } from '../ghl/calls.ts';
import type { StoreDeps } from './dependencies.ts';
import type { Listing, PollSource } from './poll-source.ts';
import { POLL_SOURCES } from './poll-sources.ts';

export interface PollDeps extends StoreDeps {
  ghl: GhlCalls;
  policy: PollPolicy;
}

export interface PassArgs {
  agencyId: string;
  locationId: string;
  resource: PolledResource;
  kind: PassKind;
}

/** How far a page has brought its pass. */
export interface PageOutcome {
  /** The round is over, by this page or by somebody else's. */
  isDone: boolean;
}

/** One page of a pass: whose it is, how far it is, and how GHL is asked. */
export interface Turn {
  deps: PollDeps;
  place: MirrorPlace & { resource: PolledResource };
  address: GhlAddress;
  account: IntakeAccount;
  source: PollSource;
  rule: PollRule;
  pass: PollPass;
  /** When the round began. */
  startedAt: Date;
  /** Nothing is known of the resource yet: what is found was there before we looked. */
  isFirst: boolean;
  inScope<T>(work: (tx: Transaction<Database>) => Promise<T>): Promise<T>;
  /** How GHL is asked now. */
  listing(after: unknown): Listing;
}

/**
 * Takes up a pass where it stands, or begins its round.
 * @returns undefined where there is nothing to do: no such pass in this agency, the location is not connected, or somebody
 *   else has just ended the round
 */
export async function takeTurn(deps: PollDeps, args: PassArgs): Promise<Turn | undefined> {
  const { agencyId, locationId, resource, kind } = args;
  const rule = deps.policy.rules[resource];
  const inScope = <T>(work: (tx: Transaction<Database>) => Promise<T>) => withScope(deps.db, { agencyId }, work);
  const { signal, now } = { signal: Context.current().cancellationSignal, now: deps.now() };
  const begun = await inScope(async (tx) => {
    const address = await findGhlAddress(tx, locationId);
    const account = await findIntakeAccount(tx, agencyId, locationId);
    const pass = await findPass(tx, { locationId, resource, kind });
    if (!address || !account || !pass) return undefined;
    if (pass.started_at !== null) return { address, account, pass };
    if (pass.due_at > now) return undefined;
    const repairs = pass.asked_repairs ?? (await getRepairPolicy(tx, locationId));
    const fresh = { listed: 0, missing_here: 0, missing_there: 0, different: 0, reached: null, cursor: null };
    const started = await savePass(tx, pass, { ...fresh, started_at: now, repairs });
    return started && { address, account, pass: started };
  });
  if (!begun) return undefined;
  const { address, pass, account } = begun;
  const startedAt = pass.started_at ?? now;
  return {
    deps,
    place: { agencyId, locationId, resource },
    address,
    account,
    source: POLL_SOURCES[resource],
    rule,
    pass,
    startedAt,
    isFirst: pass.finished_at === null,
    inScope,
    listing: (after) => ({
      ghl: deps.ghl,
      call: { resource: { kind: 'location', ...address }, lane: 'sync', signal },
      after,
      policy: deps.policy,
      startedAt,
      askedAt: deps.now(),
    }),
  };
}

/** The cursor of a pass, as it was saved. */
export const cursorOf = <T>(pass: PollPass): T | null => pass.cursor as T | null;
