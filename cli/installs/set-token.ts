import type { Command } from 'commander';
import { z } from 'zod';
import { findAgency } from '../../db/agencies.ts';
import { saveInstall } from '../../db/installs.ts';
import { updateLocation } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError, InputError } from '../failure.ts';
import { readWhole } from '../files.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference.optional(),
  tokenFile: z.string().min(1),
});

const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{20,4096}$/);

export function addInstallsSetToken(installs: Command, session: Session): void {
  const setToken = installs
    .command('set-token')
    .description('store a private integration token, encrypted; a location with one counts as installed')
    .requiredOption('-f, --token-file <file>', 'the file that holds it; - for standard input, which leaves no trace')
    .option('--location <location>', 'the location it is of: our id or GHL’s (default: the agency itself)');
  addAgencyOption(setToken);
  perform(setToken, session, input, (given) => storeToken(session, given));
}

async function storeToken(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId } = given;
  const read = token.safeParse((await readWhole(session.terminal, given.tokenFile)).toString('utf8'));
  if (!read.success)
    throw new InputError(['--token-file: holds no token: wanted is one word of 20 characters or more.']);
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const now = session.terminal.now();
  return inAgency(session, agencyId, async (tx) => {
    const location = given.location === undefined ? null : await getNamedLocation(tx, given.location);
    if (location === null && (await findAgency(tx))?.ghl_company_id == null) {
      throw new CommandError('no-ghl-company', 'The agency has no GHL company id, so its token would be of no use.');
    }
    if (location !== null && location.ghl_location_id === null) {
      throw new CommandError('no-ghl-location', 'The location has no GHL id: locations set --ghl-location-id first.');
    }
    const locationId = location?.id ?? null;
    const owner = { agencyId, locationId, kind: 'pit', userType: location ? 'Location' : 'Company' } as const;
    const tokens = { accessToken: read.data, refreshToken: null, expiresAt: null, scopes: [] };
    const { installId } = await saveInstall(tx, keys, { ...owner, ...tokens }, now);
    if (location?.installed_at === null) await updateLocation(tx, location.id, { installed_at: now });
    const after = { kind: 'pit', locationId };
    await recordAct(tx, session, { agencyId, action: 'install.set-token', subject: `install:${installId}`, after });
    const next = location && location.live_at === null ? ` Next: locations go-live ${location.id}` : '';
    return {
      data: { installId, locationId, kind: 'pit' },
      text: `Stored for ${location?.name ?? 'the agency'}.${next}`,
    };
  });
}
