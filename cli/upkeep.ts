import type { Command } from 'commander';
import type { Session } from './session.ts';
import { addUpkeepRun } from './upkeep/run.ts';
import { addUpkeepShow } from './upkeep/show.ts';

export function addUpkeepCommands(program: Command, session: Session): void {
  const upkeep = program
    .command('upkeep')
    .description('months ahead, old months and rows, and what dead processes left half-way');
  addUpkeepRun(upkeep, session);
  addUpkeepShow(upkeep, session);
}
