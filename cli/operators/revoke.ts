import type { Command } from 'commander';
import { z } from 'zod';
import { revokeOperatorCredentials } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, text } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z
  .object({ id: id.optional(), name: text(60).optional() })
  .refine((given) => (given.id === undefined) !== (given.name === undefined), {
    path: ['name'],
    message: 'wanted is either an id or a name',
  });

export function addOperatorsRevoke(operators: Command, session: Session): void {
  const revoke = operators
    .command('revoke')
    .description('end a link or a token (and the sessions it made) or a session at once; or all of one operator')
    .argument('[id]', 'its id')
    .option('--name <name>', 'of whom to end all');
  perform(revoke, session, input, (given) => revokeCredentials(session, given));
}

async function revokeCredentials(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const of = given.name === undefined ? { id: given.id! } : { operator: given.name };
  const act = { actor: session.actor, origin: 'cli' };
  const revoked = await withSystemRole(await session.db(), 'operators', (tx) => revokeOperatorCredentials(tx, of, act));
  if (revoked.length === 0) {
    throw new CommandError(
      'unknown-credential',
      'Nothing valid was found to revoke. operators list shows what there is.',
    );
  }
  return { data: { revoked }, text: `Revoked ${revoked.length}: refused from now on.` };
}
