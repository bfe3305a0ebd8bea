import type { Command } from 'commander';
import { z } from 'zod';
import { publicUrlOf } from '../../config.ts';
import { perform } from '../command.ts';
import { lifetimeMs, text } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { makeCredential } from './credential.ts';

const MOST_MS = 90 * 86_400_000;

const input = z.object({ name: text(60), expires: lifetimeMs.refine((ms) => ms <= MOST_MS, 'at most 90d') });

export function addOperatorsToken(operators: Command, session: Session): void {
  const token = operators
    .command('token')
    .description('make a token with which Temporal’s CLI reads payloads, and its holder signs in; it is shown once')
    .requiredOption('--name <name>', 'whose; the audit log names them so')
    .option('--expires <time>', 'such as 12h or 30d', '12h');
  perform(token, session, input, (given) => makeToken(session, given));
}

async function makeToken(session: Session, { name, expires }: z.infer<typeof input>): Promise<Answer> {
  const expiresAt = new Date(session.terminal.now().getTime() + expires);
  const { id, secret } = await makeCredential(session, { operator: name, kind: 'token', expiresAt });
  const publicUrl = publicUrlOf(await session.config());
  const codecEndpoint = `${publicUrl}/codec`;
  const text = [
    `export TEMPORAL_CODEC_ENDPOINT=${codecEndpoint}`,
    `export TEMPORAL_CODEC_AUTH='Bearer ${secret}'`,
    '',
    `With these, temporal workflow show reads payloads; ${publicUrl}/sign-in takes the token for the Web UI.`,
    'Keep it now: it is not shown again.',
    `Its id, for operators revoke: ${id}`,
  ];
  return { data: { id, token: secret, codecEndpoint, name, expiresAt }, text: text.join('\n') };
}
