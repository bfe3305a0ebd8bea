import type { Command } from 'commander';
import { addBackfillList } from './backfill/list.ts';
import { addBackfillShow } from './backfill/show.ts';
import { addBackfillStart } from './backfill/start.ts';
import { addBackfillWishes } from './backfill/wish.ts';
import type { Session } from './session.ts';

export function addBackfillCommands(program: Command, session: Session): void {
  const backfill = program.command('backfill').description('brings what GHL held before into the mirror');
  addBackfillStart(backfill, session);
  addBackfillList(backfill, session);
  addBackfillShow(backfill, session);
  addBackfillWishes(backfill, session);
}
