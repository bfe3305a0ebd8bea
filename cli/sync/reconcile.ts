import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { askForSweeps, ensurePasses, listPasses } from '../../db/poll-passes.ts';
import { isPollable } from '../../db/poll-turns.ts';
import { getSyncStanding } from '../../db/sync-standing.ts';
import { passesOf, POLL_POLICY } from '../../domain/poll-rules.ts';
import { inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { getNamedLocation } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { formatDrift } from './figures.ts';
import { addLocationOption, ofLocationInput } from './location-option.ts';

const input = z.object({ ...ofLocationInput, repair: z.boolean().default(false) });

const WAIT_MS = 10 * 60_000;
const LOOK_MS = 500;
/** A run that was about to end when it was asked for has not seen it, and the schedule's next round may be paused. */
const ASK_AGAIN_MS = 5_000;

export function addSyncReconcile(sync: Command, session: Session): void {
  const reconcile = sync
    .command('reconcile')
    .description('compare all of a location with GHL, record by record')
    .option('--repair', 'bring the mirror into step as well');
  addLocationOption(reconcile);
  perform(reconcile, session, input, (given) => reconcileLocation(session, given));
}

async function reconcileLocation(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, repair } = given;
  // Asked for first: what nobody would do is not asked for.
  const client = await session.client();
  const askedAt = session.terminal.now();
  const locationId = await inAgency(session, agencyId, async (tx) => {
    const { id } = await getNamedLocation(tx, given.location);
    if (!(await isPollable(tx, id))) {
      throw new CommandError('not-connected', 'GHL cannot be asked: installs list shows what must be connected.');
    }
    await ensurePasses(tx, { agencyId, locationId: id }, passesOf(POLL_POLICY), askedAt);
    await askForSweeps(tx, id, { repairs: repair, now: askedAt });
    await recordAct(tx, session, {
      agencyId,
      action: 'location.reconcile',
      subject: `location:${id}`,
      after: { repair },
    });
    return id;
  });
  const pending = () =>
    inAgency(session, agencyId, async (tx) =>
      (await listPasses(tx, locationId)).some((pass) => pass.kind === 'sweep' && pass.asked_at !== null),
    );
  for (let waitedMs = 0; await pending(); waitedMs += LOOK_MS) {
    if (waitedMs >= WAIT_MS) {
      throw new CommandError('pending', 'It is still being compared: sync status shows how far it is.');
    }
    if (waitedMs % ASK_AGAIN_MS === 0) await client.startPollSync({ agencyId, locationId });
    await sleep(LOOK_MS);
  }
  const options = { graceMs: POLL_POLICY.gapGraceMs, gaps: 0, now: session.terminal.now() };
  const { drift } = await inAgency(session, agencyId, (tx) => getSyncStanding(tx, locationId, options));
  return { data: { locationId, repair, drift }, text: formatDrift(drift) };
}
