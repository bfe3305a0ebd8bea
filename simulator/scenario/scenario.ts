import { z } from 'zod';
import type { Simulation } from '../simulation.ts';
import { actNames, acts } from './acts.ts';
import type { ActName } from './acts.ts';

const fileSchema = z.strictObject({
  name: z.string().min(1).default('scenario'),
  steps: z
    .array(
      z.strictObject({
        /** Seconds after the start, by the machine's clock: moving the simulator's does not skip steps. */
        atSeconds: z.number().min(0),
        do: z.enum(actNames, { error: `is no act; known are ${actNames.join(', ')}` }),
        with: z.unknown().optional(),
      }),
    )
    .min(1),
});

interface Step {
  atSeconds: number;
  act: ActName;
  run: (sim: Simulation) => void;
}

/** A timeline of acts, checked and in the order of time. */
export interface Scenario {
  name: string;
  steps: Step[];
}

/** A scenario file that cannot be run; the message lists all that is wrong, a line each. */
export class ScenarioError extends Error {
  readonly code = 'ScenarioInvalid';

  constructor(problems: string[]) {
    super(`the scenario cannot be run:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ScenarioError';
  }
}

/** Reads a scenario from JSON. Raises a ScenarioError that says where and why it is wrong. */
export function parseScenario(text: string): Scenario {
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new ScenarioError(parsed.error.issues.map((issue) => describe([], issue)));
  const problems: string[] = [];
  const steps = parsed.data.steps.flatMap((step, index): Step[] => {
    const prepared = acts[step.do].prepare(step.with);
    if ('run' in prepared) return [{ atSeconds: step.atSeconds, act: step.do, run: prepared.run }];
    problems.push(...prepared.issues.map((issue) => describe(['steps', index, 'with'], issue)));
    return [];
  });
  if (problems.length > 0) throw new ScenarioError(problems);
  return { name: parsed.data.name, steps: steps.sort((a, b) => a.atSeconds - b.atSeconds) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ScenarioError([`it is no JSON: ${error instanceof Error ? error.message : 'unreadable'}`]);
  }
}

function describe(before: PropertyKey[], issue: z.core.$ZodIssue): string {
  const path = [...before, ...issue.path].map(String).join('.');
  return `${path || 'the file'}: ${issue.message}`;
}
