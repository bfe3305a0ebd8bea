import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { seal } from '../../crypto/seal.ts';
import { addRotation, candidateOf, type CredentialRotation, findRotation } from '../../db/credential-rotations.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import { readToken, requireGhlAccount, tokenFileInput } from '../installs/token-file.ts';
import { locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, ...tokenFileInput, location: locationReference.optional() });

const WAIT_MS = 60_000;
const LOOK_MS = 250;

export function addCredentialsRotate(credentials: Command, session: Session): void {
  const rotate = credentials
    .command('rotate')
    .description('try a private integration token against GHL, and let it replace the old one when it does all')
    .requiredOption('-f, --token-file <file>', 'the file that holds it; - for standard input, which leaves no trace')
    .option('--location <location>', 'whose it is: our id or GHL’s (default: the agency itself, for new locations)');
  addAgencyOption(rotate);
  perform(rotate, session, input, (given) => rotateToken(session, given));
}

async function rotateToken(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId } = given;
  const token = await readToken(session.terminal, given.tokenFile);
  const { ENCRYPTION_KEYS: keys } = await session.config();
  // Asked for first: a token that nobody would try is not kept.
  const client = await session.client();
  const rotationId = uuidv7();
  const locationId = await inAgency(session, agencyId, async (tx) => {
    const account = (await requireGhlAccount(tx, given.location))?.id ?? null;
    const candidate = seal(keys, Buffer.from(token), candidateOf(agencyId, account));
    const act = { actor: session.actor, origin: 'cli' };
    await addRotation(tx, { rotationId, agencyId, locationId: account, candidate }, act);
    return account;
  });
  await client.startCredentialRotation({ agencyId, rotationId, locationId });
  const look = () => inAgency(session, agencyId, (tx) => findRotation(tx, rotationId));
  let rotation = await look();
  for (let waitedMs = 0; rotation?.outcome === null && waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
    await sleep(LOOK_MS);
    rotation = await look();
  }
  return describe(rotation!);
}

function describe({ id, outcome, missing_scopes: missingScopes }: CredentialRotation): Answer {
  if (outcome === 'replaced') {
    return { data: { id, outcome }, text: 'GHL accepts it for all that is needed: it has replaced the old one.' };
  }
  if (outcome === null) {
    throw new CommandError('pending', 'GHL is still being asked; audit list shows how it ends. The old one works on.');
  }
  const why = {
    refused: 'GHL does not accept it.',
    'scope-missing': `It lacks ${missingScopes.join(', ')}: add that in GHL, which keeps the token, and try again.`,
    'other-account': 'It is another account’s.',
    superseded: 'A newer one was asked for.',
    'ghl-away': 'GHL did not answer: try again.',
    failed: 'Something went wrong here: the worker’s log says what.',
  }[outcome];
  throw new CommandError(`credential-${outcome}`, `${why} The credential that was there stands.`);
}
