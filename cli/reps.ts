import type { Command } from 'commander';
import { addRepsAdd } from './reps/add.ts';
import { addRepsList } from './reps/list.ts';
import { addRepsResume } from './reps/resume.ts';
import { addRepsSet } from './reps/set.ts';
import { addRepsSuspend } from './reps/suspend.ts';
import type { Session } from './session.ts';

export function addRepCommands(program: Command, session: Session): void {
  const reps = program.command('reps').description('the GHL users who take leads');
  addRepsAdd(reps, session);
  addRepsList(reps, session);
  addRepsSet(reps, session);
  addRepsSuspend(reps, session);
  addRepsResume(reps, session);
}
