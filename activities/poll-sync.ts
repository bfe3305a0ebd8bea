import { log } from '@temporalio/activity';
import { addDeadLetter } from '../db/dead-letters.ts';
import { findGhlAddress } from '../db/locations.ts';
import { ensurePasses, findPass, listPasses, savePass } from '../db/poll-passes.ts';
import { hastenPasses, isPollable, listDueLocations } from '../db/poll-turns.ts';
import { withScope, withSystemRole } from '../db/scope.ts';
import { settleGaps } from '../db/webhook-gaps.ts';
import { judgePollFailure, passSubject, POLL_CAUSE } from '../domain/poll-failure.ts';
import { retryAfter } from '../domain/poll-pace.ts';
import { type PassKind, passesOf, type PolledResource, type PollPolicy } from '../domain/poll-rules.ts';
import { pollSyncWorkflowId } from '../domain/workflow-ids.ts';
import type { StoreDeps } from './dependencies.ts';
import type { PassArgs } from './poll-turn.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface PollRef {
  agencyId: string;
  locationId: string;
}

/** The steps of polling that store. */
export function createPollActivities(deps: StoreDeps & { policy: PollPolicy }) {
  /**
   * The locations that are due, of all tenants; those whose authority is dead are not among them. Repeatable: it reads.
   * @param limit how many at most
   */
  async function listDuePolls({ limit }: { limit: number }): Promise<PollRef[]> {
    return withSystemRole(deps.db, 'upkeep', (tx) => listDueLocations(tx, limit));
  }

  /**
   * The passes of a location that are due, the most urgent first. On the way it closes the gaps that events have told of
   * since. Repeatable: what it makes is there then. A location that is not connected has none.
   */
  async function planPolls({ agencyId, locationId }: PollRef): Promise<{ resource: PolledResource; kind: PassKind }[]> {
    const { policy } = deps;
    const now = deps.now();
    return withScope(deps.db, { agencyId }, async (tx) => {
      if (!(await isPollable(tx, locationId)) || !(await findGhlAddress(tx, locationId))) return [];
      const all = passesOf(policy);
      await ensurePasses(tx, { agencyId, locationId }, all, now);
      await hastenPasses(tx, locationId, now);
      for (const { resource } of all.filter(({ kind }) => kind === 'sweep')) {
        const { toldBy } = policy.rules[resource];
        if (toldBy) await settleGaps(tx, { locationId, resource, toldBy, graceMs: policy.gapGraceMs });
      }
      const stored = await listPasses(tx, locationId);
      return all.filter(({ resource, kind }) =>
        stored.some((pass) => pass.resource === resource && pass.kind === kind && pass.due_at <= now),
      );
    });
  }

  /**
   * A pass could not be brought on: it is tried again later, and later each time. One that waits for a person leaves a dead
   * letter, which is settled when the pass works again. Repeatable within an attempt's time.
   */
  async function postponePass(args: PassArgs & { cause: string }): Promise<void> {
    const { agencyId, locationId, resource, kind, cause } = args;
    const now = deps.now();
    await withScope(deps.db, { agencyId }, async (tx) => {
      const pass = await findPass(tx, { locationId, resource, kind });
      if (!pass || pass.due_at > now) return;
      const failures = pass.failures + 1;
      const due = { due_at: retryAfter(now, failures, Math.random()), busy_due_at: null };
      if (!(await savePass(tx, pass, { failures, last_error: cause, ...due }))) return;
      const decision = judgePollFailure({ resource, kind, cause, failures });
      const facts = { agencyId, locationId, resource, kind, cause, failures };
      if (!decision.isStuck) {
        log.warn('polling failed', { alert: 'poll-failed', ...facts });
        return;
      }
      log.warn('polling keeps failing', { alert: 'poll-stuck', ...facts });
      await addDeadLetter(tx, {
        agencyId,
        locationId,
        capability: 'poll-sync',
        cause: `${POLL_CAUSE}${cause}`,
        advice: decision.advice,
        subject: { kind: 'poll-pass', id: passSubject(locationId, { resource, kind }) },
        workflowId: pollSyncWorkflowId(locationId),
      });
    });
  }

  return mapStoreFailures({ listDuePolls, planPolls, postponePass });
}

export type PollActivities = ReturnType<typeof createPollActivities>;
