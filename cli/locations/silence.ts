import type { Command } from 'commander';
import { z } from 'zod';
import { updateLocation } from '../../db/locations.ts';
import { withSystemRole } from '../../db/scope.ts';
import { listSilentAccounts } from '../../db/silent-accounts.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { getNamedLocation, locationReference } from './reference.ts';

export function addLocationsSilent(locations: Command, session: Session): void {
  const silent = locations
    .command('silent')
    .description('those of all agencies that normally send events and have stopped, and whether that is wanted');
  perform(silent, session, z.object({}), async () => {
    const found = await withSystemRole(await session.db(), 'upkeep', listSilentAccounts);
    const rows = found.map((each) => [each.agencyId, each.locationId, each.lastEventAt, each.wantedAt]);
    const text = formatTable(['agency', 'location', 'last event', 'wanted since'], rows, 'There are none.');
    return { data: { locations: found }, text };
  });
}

const input = z.object({ ...inAgencyInput, location: locationReference, off: z.boolean().default(false) });

export function addLocationsMuteSilence(locations: Command, session: Session): void {
  const mute = locations
    .command('mute-silence')
    .description('say that a location’s silence is wanted: no alert tells of it any more, until it speaks again')
    .argument('<location>', 'our id or GHL’s')
    .option('--off', 'say that it is not');
  addAgencyOption(mute);
  perform(mute, session, input, ({ agency: agencyId, location: reference, off }) =>
    inAgency(session, agencyId, async (tx) => {
      const { id, name, silence_wanted_at: before } = await getNamedLocation(tx, reference);
      const wantedAt = off ? null : session.terminal.now();
      await updateLocation(tx, id, { silence_wanted_at: wantedAt });
      const action = off ? 'location.unmute-silence' : 'location.mute-silence';
      const acts = { before: { wantedAt: before }, after: { wantedAt } };
      await recordAct(tx, session, { agencyId, action, subject: `location:${id}`, ...acts });
      const text = off
        ? `The silence of ${name} is told of.`
        : `The silence of ${name} is wanted, until it speaks again.`;
      return { data: { id, wantedAt }, text };
    }),
  );
}
