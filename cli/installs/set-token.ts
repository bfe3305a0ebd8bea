import type { Command } from 'commander';
import { z } from 'zod';
import { saveInstall } from '../../db/installs.ts';
import { updateLocation } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { readToken, requireGhlAccount, tokenFileInput } from './token-file.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference.optional(),
  ...tokenFileInput,
});

export function addInstallsSetToken(installs: Command, session: Session): void {
  const setToken = installs
    .command('set-token')
    .description(
      'store a private integration token untried, encrypted (credentials rotate tries it first); a location with one counts as installed',
    )
    .requiredOption('-f, --token-file <file>', 'the file that holds it; - for standard input, which leaves no trace')
    .option(
      '--location <location>',
      'the location it is of: our id or GHL’s (default: the agency itself, for new locations)',
    );
  addAgencyOption(setToken);
  perform(setToken, session, input, (given) => storeToken(session, given));
}

async function storeToken(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId } = given;
  const token = await readToken(session.terminal, given.tokenFile);
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const now = session.terminal.now();
  return inAgency(session, agencyId, async (tx) => {
    const location = await requireGhlAccount(tx, given.location);
    const locationId = location?.id ?? null;
    // GHL lets no private token of an agency work in its locations: what it is for is making new ones.
    const purpose = location ? 'locations' : 'provisioning';
    const owner = { agencyId, locationId, purpose, kind: 'pit', userType: location ? 'Location' : 'Company' } as const;
    const tokens = { accessToken: token, refreshToken: null, expiresAt: null, scopes: [] };
    const { installId } = await saveInstall(tx, keys, { ...owner, ...tokens }, now);
    if (location?.installed_at === null) await updateLocation(tx, location.id, { installed_at: now });
    const after = { kind: 'pit', locationId, purpose };
    await recordAct(tx, session, { agencyId, action: 'install.set-token', subject: `install:${installId}`, after });
    const next = location && location.live_at === null ? ` Next: locations go-live ${location.id}` : '';
    return {
      data: { installId, locationId, purpose, kind: 'pit' },
      text: `Stored for ${location?.name ?? 'the agency'}.${next}`,
    };
  });
}
