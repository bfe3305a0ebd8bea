import type { Command } from 'commander';
import { addApiKeysCreate } from './api-keys/create.ts';
import { addApiKeysList } from './api-keys/list.ts';
import { addApiKeysRevoke } from './api-keys/revoke.ts';
import type { Session } from './session.ts';

export function addApiKeyCommands(program: Command, session: Session): void {
  const keys = program.command('api-keys').description('who may call the API');
  addApiKeysCreate(keys, session);
  addApiKeysList(keys, session);
  addApiKeysRevoke(keys, session);
}
