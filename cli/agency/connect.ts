import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ghlDoorOf, publicUrlOf } from '../../config.ts';
import { createConnectSecret } from '../../crypto/connect-secret.ts';
import { addConnectLink } from '../../db/connect-links.ts';
import { inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { count, id } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ agency: id, provisioning: z.boolean().default(false), minutes: count(1, 1_440) });

export function addAgencyConnect(agency: Command, session: Session): void {
  const connect = agency
    .command('connect')
    .description('make a link by which an administrator of the agency installs the app in GHL, once')
    .argument('<agency>', 'the agency, as agency create printed it')
    .option('--provisioning', 'the app for agencies, which makes new locations')
    .option('--minutes <n>', 'how long it can be opened', '30');
  perform(connect, session, input, (given) => makeLink(session, given));
}

async function makeLink(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, minutes } = given;
  const purpose = given.provisioning ? 'provisioning' : 'locations';
  const config = await session.config();
  const { apps, redirectUri } = ghlDoorOf(config);
  if (apps[purpose] === null) {
    const names = given.provisioning ? 'GHL_PROVISIONING_CLIENT_ID and _SECRET' : 'GHL_CLIENT_ID and _SECRET';
    throw new CommandError('no-app', `No app is configured: set ${names} for the API and the worker.`);
  }
  const { secret, hash } = createConnectSecret();
  const linkId = uuidv7();
  const expiresAt = new Date(session.terminal.now().getTime() + minutes * 60_000);
  await inAgency(session, agencyId, (tx) =>
    addConnectLink(tx, { id: linkId, agencyId, purpose, hash, expiresAt }, { actor: session.actor, origin: 'cli' }),
  );
  const url = `${publicUrlOf(config)}/oauth/ghl/start?link=${secret}`;
  const text = [
    url,
    '',
    `Its page has a button, which works once, within ${minutes} minutes, and leads to GHL. There an administrator of the agency chooses the locations.`,
    `GHL’s portal must know ${redirectUri} as a redirect URL of the app. How it went: installs list`,
  ].join('\n');
  return { data: { id: linkId, url, purpose, expiresAt }, text };
}
