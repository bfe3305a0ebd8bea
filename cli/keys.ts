import type { Command } from 'commander';
import { addKeysList } from './keys/list.ts';
import { addKeysRetire } from './keys/retire.ts';
import { addKeysRotate } from './keys/rotate.ts';
import type { Session } from './session.ts';

export function addKeyCommands(program: Command, session: Session): void {
  const keys = program
    .command('keys')
    .description('the encryption keys: ENCRYPTION_KEYS, which of them is still needed');
  addKeysList(keys, session);
  addKeysRotate(keys, session);
  addKeysRetire(keys, session);
}
