import type { Command } from 'commander';
import { z } from 'zod';
import { planRollBack, UNVERSIONED } from '../../domain/worker-deployment.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import {
  buildId,
  change,
  findRolledBackTo,
  getDeployment,
  nameVersion,
  openDeployments,
  recordDeploymentAct,
} from './deployment.ts';
import { awaitPollers, awaitSettled } from './watch.ts';

const input = z.object({ to: buildId.optional(), yes: z.boolean().default(false) });

export function addDeploymentsRollBack(deployments: Command, session: Session): void {
  const rollBack = deployments
    .command('roll-back')
    .description('end a roll-out that is under way, or give the work to the version that had it before, at once')
    .option('--to <build>', `another version, or ${UNVERSIONED}`)
    .option('--yes', 'do it; without this it only says what would happen');
  perform(rollBack, session, input, (given) => rollBackVersion(session, given));
}

const REFUSALS = {
  'unknown-build': 'There is no such version: deployments show lists them.',
  'current-already': 'It has the work already.',
  'rolled-back-already':
    'What was done last was to go back to it, and the version before is the one that was left: --to <build id> leads there.',
  'no-version-before': `No version was current before: --to ${UNVERSIONED} gives the work to workers without one.`,
};

async function rollBackVersion(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const at = await openDeployments(session);
  const { client, of } = at;
  const wanted = given.to === UNVERSIONED ? null : given.to;
  const plan = planRollBack(await getDeployment(at), wanted, await findRolledBackTo(session));
  if (plan.way === 'none') throw new CommandError(plan.reason, `${REFUSALS[plan.reason]} Nothing was done.`);
  const { from, to, way } = plan;
  // Whoever has most of the work while another is ramped keeps it; one that gets it back must be there.
  if (way === 'set-current') await awaitPollers(at, { from, to }, given.yes ? undefined : 0);
  const data = { from, to, done: given.yes };
  if (!given.yes) {
    const what = way === 'end-ramp' ? `the part that ${from} takes` : `the work of ${nameVersion(from)}`;
    const text = `${nameVersion(to)} would be given ${what}, at once.\nNothing was done: --yes does it.`;
    return { data, text };
  }
  // Before it is done: who comes a moment later is to see it.
  await recordDeploymentAct(session, { action: 'roll-back', buildId: from, after: { to } });
  await change(async () => {
    if (way === 'set-current') await client.setCurrentVersion(of, to);
    // A part that a third one takes would stay with it.
    if ((await getDeployment(at)).routing.ramping) await client.rampVersion(of, null);
  });
  await awaitSettled(at);
  const next = `Workers of ${nameVersion(from)} may be stopped when deployments drain-status says so.`;
  return { data, text: `${nameVersion(to)} has all work again.\n${next}` };
}
