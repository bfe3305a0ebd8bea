import type { Command } from 'commander';
import { z } from 'zod';
import { publicUrlOf } from '../../config.ts';
import { perform } from '../command.ts';
import { count, text } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { makeCredential } from './credential.ts';

const input = z.object({ name: text(60), minutes: count(1, 1_440) });

export function addOperatorsSignInLink(operators: Command, session: Session): void {
  const link = operators
    .command('sign-in-link')
    .description('make a link that opens the Web UI once, for one person')
    .requiredOption('--name <name>', 'whose; the audit log names them so')
    .option('--minutes <n>', 'how long it can be opened', '15');
  perform(link, session, input, (given) => makeLink(session, given));
}

async function makeLink(session: Session, { name, minutes }: z.infer<typeof input>): Promise<Answer> {
  const expiresAt = new Date(session.terminal.now().getTime() + minutes * 60_000);
  const { id, secret } = await makeCredential(session, { operator: name, kind: 'link', expiresAt });
  const url = `${publicUrlOf(await session.config())}/sign-in/${secret}`;
  const text = `${url}\n\nIt opens once, within ${minutes} minutes. Whoever opens it reads the workflows of all agencies.\nIts id, for operators revoke: ${id}`;
  return { data: { id, url, name, expiresAt }, text };
}
