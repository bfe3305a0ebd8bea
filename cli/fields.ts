import type { Command } from 'commander';
import { addFieldsCheck } from './fields/check.ts';
import { addFieldsList } from './fields/list.ts';
import { addFieldsMap } from './fields/map.ts';
import { addFieldsUnmap } from './fields/unmap.ts';
import type { Session } from './session.ts';

export function addFieldCommands(program: Command, session: Session): void {
  const fields = program.command('fields').description('our names for the custom fields of a location');
  addFieldsList(fields, session);
  addFieldsMap(fields, session);
  addFieldsUnmap(fields, session);
  addFieldsCheck(fields, session);
}
