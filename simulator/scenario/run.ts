import { ReplyError } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { RunningScenario, ScenarioProgress } from './progress.ts';
import type { Scenario } from './scenario.ts';

/** Starts a scenario. A step that the simulator refuses is marked as failed, and the rest goes on. */
export function runScenario(sim: Simulation, { name, steps }: Scenario): RunningScenario {
  const progress: ScenarioProgress = {
    name,
    steps: steps.map(({ atSeconds, act }) => ({ atSeconds, act, state: 'waiting' })),
  };
  const timers = steps.map((step, index) =>
    setTimeout(() => {
      const line = progress.steps[index];
      if (!line) return;
      sim.changed = true;
      try {
        step.run(sim);
        line.state = 'done';
      } catch (error) {
        line.state = 'failed';
        line.reason = reasonOf(error);
        process.stderr.write(`simulator: step ${index} of the scenario (${step.act}) failed: ${line.reason}\n`);
      }
    }, step.atSeconds * 1000).unref(),
  );
  return {
    progress,
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof ReplyError) return JSON.stringify(error.reply.body['message']);
  return error instanceof Error ? error.message : 'unknown';
}
