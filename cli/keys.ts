import type { Command } from 'commander';
import { addKeysList } from './keys/list.ts';
import { addKeysRetire } from './keys/retire.ts';
import { addKeysRotate } from './keys/rotate.ts';
import type { Session } from './session.ts';

const ORDER = `
A new key, everywhere (API, workers, shells), with a restart after each change of ENCRYPTION_KEYS:
  1. ENCRYPTION_KEYS=1:…,2:…:standby   opens with both and still seals with 1
  2. ENCRYPTION_KEYS=1:…,2:…           seals with 2
  3. keys rotate                       re-seals all rows; can be cut off and repeated
  4. keys retire 1                     refuses while a row, an open workflow or a process needs it
  5. ENCRYPTION_KEYS=2:…
`;

export function addKeyCommands(program: Command, session: Session): void {
  const keys = program
    .command('keys')
    .description('the encryption keys: ENCRYPTION_KEYS, which of them is still needed');
  keys.addHelpText('after', ORDER);
  addKeysList(keys, session);
  addKeysRotate(keys, session);
  addKeysRetire(keys, session);
}
