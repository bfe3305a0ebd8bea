import type { Command } from 'commander';
import { z } from 'zod';
import { revokeApiKey } from '../../db/api-keys.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, key: id });

export function addApiKeysRevoke(keys: Command, session: Session): void {
  const revoke = keys.command('revoke').description('end a key at once').argument('<key>', 'the key’s id');
  addAgencyOption(revoke);
  perform(revoke, session, input, (given) => revokeKey(session, given.agency, given.key));
}

async function revokeKey(session: Session, agencyId: string, keyId: string): Promise<Answer> {
  const now = session.terminal.now();
  await inAgency(session, agencyId, async (tx) => {
    if (!(await revokeApiKey(tx, keyId, now))) {
      throw new CommandError('unknown-key', `The agency has no valid key ${keyId}. api-keys list shows them.`);
    }
    const after = { revokedAt: now };
    await recordAct(tx, session, { agencyId, action: 'api-key.revoke', subject: `api-key:${keyId}`, after });
  });
  return { data: { id: keyId, revokedAt: now }, text: 'Revoked: it is refused from now on.' };
}
