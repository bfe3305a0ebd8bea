import type { Job } from '../agenda.ts';
import type { Simulation } from '../simulation.ts';
import { arrive, leave } from './messaging/progress.ts';
import { loadNextAsset } from './snapshots/loading.ts';

/** Does what the agenda says is due. */
export function runJob(sim: Simulation, { kind, subjectId }: Job): void {
  sim.changed = true;
  switch (kind) {
    case 'message-send':
      leave(sim, subjectId);
      return;
    case 'message-settle':
      arrive(sim, subjectId);
      return;
    case 'snapshot-asset':
      loadNextAsset(sim, subjectId);
  }
}
