import type { Command } from 'commander';
import { z } from 'zod';
import { isSameRouting, planRollOut, type Routing } from '../../domain/worker-deployment.ts';
import { perform } from '../command.ts';
import { CommandError, explainFailure } from '../failure.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import {
  buildId,
  change,
  type Deployments,
  getDeployment,
  getUnchanged,
  nameVersion,
  openDeployments,
  recordDeploymentAct,
} from './deployment.ts';
import { awaitPollers, awaitSettled, lookAt, type Newcomer, tryVersion, watchVersion } from './watch.ts';

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000 };

const input = z.object({
  build: buildId,
  ramp: z
    .string()
    .transform((typed) => (typed.trim() === 'none' ? [] : typed.split(',').map(Number)))
    .refine(
      (steps) =>
        steps.every((step, at) => Number.isInteger(step) && step >= 1 && step <= 99 && step > (steps[at - 1] ?? 0)),
      {
        message: 'wanted are growing whole percentages from 1 to 99 such as 10,50, or none',
      },
    ),
  pause: z
    .string()
    .regex(/^[1-9]\d{0,3}[sm]$/, 'wanted is a number of seconds or minutes such as 90s or 5m')
    .transform((typed) => Number(typed.slice(0, -1)) * UNIT_MS[typed.slice(-1)]!),
  yes: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Input = z.infer<typeof input>;

export function addDeploymentsRollOut(deployments: Command, session: Session): void {
  const rollOut = deployments
    .command('roll-out')
    .description(
      'let a version take the work over, a part of the workflows at a time, and back by itself when it fails',
    )
    .argument('<build>', 'its build id, as deployments show has it')
    .option('--ramp <percentages>', 'how many of a hundred workflows it takes before it takes all, or none', '10,50')
    .option('--pause <time>', 'how long each part is watched; Temporal marks what stops after about a minute', '2m')
    .option('--yes', 'do it; without this it only says what would happen');
  perform(rollOut, session, input, (given) => rollOutVersion(session, given));
}

async function rollOutVersion(session: Session, given: Input): Promise<Answer> {
  const { build, ramp, pause: pauseMs } = given;
  const at = await openDeployments(session);
  const deployment = await getDeployment(at);
  const { currentBuildId: from } = deployment.routing;
  const plan = planRollOut(deployment, build, ramp);
  if (!plan.mayBegin) throw describeRefusal(plan.reason, build, deployment.routing);
  await awaitPollers(at, { from, to: build }, given.yes ? undefined : 0);
  const { steps } = plan;
  if (!given.yes) {
    const parts = [...steps.map((step) => `${step} %`), 'all'].join(', then ');
    const what = `${build} would do a piece of work that changes nothing, then take ${parts} of what ${nameVersion(from)} has;`;
    const how = `each part is watched for ${pauseMs / 1_000} s, and all goes back when a workflow cannot go on.`;
    return {
      data: { from, build, steps, pauseMs, done: false },
      text: `${what}\n${how}\nNothing was done: --yes does it.`,
    };
  }
  const version = await lookAt(at, build);
  await tryVersion(at, version);
  await recordDeploymentAct(session, { action: 'roll-out', buildId: build, after: { from, steps, pauseMs } });
  const tell = (step: object, line: string): void =>
    session.terminal.writeError(given.json ? `${JSON.stringify({ progress: step })}\n` : `${line}\n`);
  const mine: Routing[] = [];
  try {
    await takeOver(at, { version, steps, pauseMs, before: deployment.routing, mine }, tell);
  } catch (error) {
    throw await takeBack(at, { build, from, mine }, error);
  }
  await recordDeploymentAct(session, { action: 'rolled-out', buildId: build, after: { from } });
  const next = `Workers of ${nameVersion(from)} may be stopped when deployments drain-status says so.`;
  return { data: { from, build, steps, pauseMs, done: true }, text: `${build} has the work.\n${next}` };
}

/**
 * Gives the version its parts, one after the other, then all.
 * @param plan.mine gets what this command makes of the routing
 * @throws CommandError as soon as something is not as it should be
 */
async function takeOver(
  at: Deployments,
  plan: { version: Newcomer; steps: number[]; pauseMs: number; before: Routing; mine: Routing[] },
  tell: (step: object, line: string) => void,
): Promise<void> {
  const { client, of, session } = at;
  const { version, steps, pauseMs, mine } = plan;
  const { buildId: build } = version;
  const since = session.terminal.now();
  let expected = plan.before;
  for (const percentage of [...steps, 100]) {
    const { conflictToken } = await getUnchanged(at, expected);
    const ramping = { buildId: build, percentage };
    const isLast = percentage === 100;
    expected = isLast ? { currentBuildId: build, ramping: null } : { ...expected, ramping };
    // Before it is asked, for an answer that is lost may have been a yes; what is refused was made by nobody here.
    mine.push(expected);
    await change(() =>
      isLast
        ? client.setCurrentVersion({ ...of, conflictToken }, build)
        : client.rampVersion({ ...of, conflictToken }, ramping),
    ).catch((error: unknown) => {
      if (error instanceof CommandError) mine.pop();
      throw error;
    });
    await awaitSettled(at);
    tell({ build, percentage, state: 'given' }, `${percentage} % to ${build}, watched for ${pauseMs / 1_000} s`);
    await watchVersion(at, version, { since, routing: expected, forMs: pauseMs });
    const workflows = await client.countOnVersion({ ...of, buildId: build }, 'all');
    tell(
      { build, percentage, state: 'well', workflows },
      `${percentage} % go well; ${workflows} workflows have been on it`,
    );
  }
}

/**
 * Gives all work back, whatever went wrong, where the routing is what this command has made of it: of two that are at it
 * at once none undoes what the other has done. @returns what is told the operator
 */
async function takeBack(
  at: Deployments,
  { build, from, mine }: { build: string; from: string | null; mine: readonly Routing[] },
  error: unknown,
): Promise<CommandError> {
  const { code, message } = explainFailure(error);
  let current: string | null;
  try {
    const { routing, conflictToken } = await getDeployment(at);
    if (!mine.some((each) => isSameRouting(each, routing))) {
      const advice = 'deployments show tells what has the work now.';
      return new CommandError(code, `${message}\nNothing was taken back: this command did not make it so. ${advice}`);
    }
    const of = { ...at.of, conflictToken };
    if (routing.currentBuildId === build) await change(() => at.client.setCurrentVersion(of, from));
    else if (routing.ramping?.buildId === build) await change(() => at.client.rampVersion(of, null));
    await awaitSettled(at);
    current = (await getDeployment(at)).routing.currentBuildId;
  } catch (second) {
    const advice = 'deployments show tells what has the work now, deployments roll-back --yes gives it back.';
    return new CommandError(
      'not-rolled-back',
      `${message}\nIt was NOT rolled back: ${explainFailure(second).message} ${advice}`,
    );
  }
  const outcome = `Rolled back: ${nameVersion(current)} has all work again. Keep the workers of ${build} until drain-status says otherwise.`;
  try {
    await recordDeploymentAct(at.session, {
      action: 'rolled-back',
      buildId: build,
      after: { to: current, cause: code },
    });
  } catch {
    return new CommandError(code, `${message}\n${outcome}\nThe audit log could not be written.`);
  }
  return new CommandError(code, `${message}\n${outcome}`);
}

function describeRefusal(
  reason: 'unknown-build' | 'current-already' | 'another-ramping',
  build: string,
  { ramping }: Routing,
): CommandError {
  const messages = {
    'unknown-build': `No worker of ${build} has polled yet. Start its workers beside the others first; deployments show lists the versions.`,
    'current-already': `${build} has the work already.`,
    'another-ramping': `${ramping?.buildId} takes ${ramping?.percentage} % now. Finish that, or end it first: deployments roll-back --yes.`,
  };
  return new CommandError(reason, `${messages[reason]} Nothing was done.`);
}
