import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { listLocations, updateLocation } from '../../db/locations.ts';
import { listReps } from '../../db/reps.ts';
import type { Database, Location } from '../../db/schema.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedLocation, locationReference } from './reference.ts';
import { listSubtree } from './tree.ts';
import { viewLocation } from './view.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference,
  off: z.boolean().default(false),
  force: z.boolean().default(false),
});

export function addLocationsGoLive(locations: Command, session: Session): void {
  const goLive = locations
    .command('go-live')
    .description('let a location take leads, and its new contacts become leads where it is an intake account')
    .argument('<location>', 'our id or GHL’s')
    .option('--off', 'stop it: open leads stay where they are')
    .option('--force', 'although it is not installed or has no rep');
  addAgencyOption(goLive);
  perform(goLive, session, input, (given) => switchLive(session, given));
}

async function switchLive(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, off } = given;
  const now = session.terminal.now();
  return inAgency(session, agencyId, async (tx) => {
    const location = await getNamedLocation(tx, given.location);
    const { id, name, live_at } = location;
    if (off === (live_at === null)) {
      return { data: { id, liveAt: live_at }, text: `${name} is ${off ? 'not live' : 'live'} already.` };
    }
    if (!off && !given.force) await requireReady(tx, location);
    const liveAt = off ? null : now;
    await updateLocation(tx, id, { live_at: liveAt });
    const action = off ? 'location.stop' : 'location.go-live';
    const acts = { before: { liveAt: live_at }, after: { liveAt, force: given.force } };
    await recordAct(tx, session, { agencyId, action, subject: `location:${id}`, ...acts });
    return { data: { id, liveAt }, text: `${name} is ${off ? 'no longer' : 'now'} live.` };
  });
}

async function requireReady(tx: Transaction<Database>, location: Location): Promise<void> {
  const reasons: string[] = [];
  if (location.installed_at === null) {
    reasons.push('It is not installed: connect the app in GHL, or store a token with installs set-token.');
  }
  const below = new Set(listSubtree(location.id, (await listLocations(tx)).map(viewLocation)));
  if (!(await listReps(tx)).some((rep) => rep.status === 'active' && below.has(rep.location_id))) {
    reasons.push('No active rep works in it or below it: add one with reps add.');
  }
  if (reasons.length > 0) {
    throw new CommandError(
      'not-ready',
      `${location.name} cannot go live.\n${reasons.join('\n')}\n--force does it all the same.`,
    );
  }
}
