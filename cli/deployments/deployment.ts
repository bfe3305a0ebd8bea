import { isGrpcServiceError } from '@temporalio/client';
import { z } from 'zod';
import type { Deployment, SwitchyardClient } from '../../client.ts';
import { auditOperator, findLastVersionAct } from '../../db/operators.ts';
import { withSystemRole } from '../../db/scope.ts';
import { isSameRouting, type Routing, UNVERSIONED } from '../../domain/worker-deployment.ts';
import { CommandError } from '../failure.ts';
import type { Session } from '../session.ts';

/** What commands about versions work with. */
export interface Deployments {
  session: Session;
  client: SwitchyardClient;
  /** The deployment, and who changes it, as Temporal is told. */
  of: { deploymentName: string; identity: string };
}

export const buildId = z
  .string()
  .trim()
  .regex(/^[\w.-]{1,60}$/, 'wanted is a build id: letters, digits, ., - and _');

/** @throws CommandError where workers tell no version by this environment; what opening a client raises */
export async function openDeployments(session: Session): Promise<Deployments> {
  const { WORKER_DEPLOYMENT: deploymentName } = await session.config();
  if (deploymentName === undefined) {
    const advice = 'Set it to what the workers have; without it workers tell no version (docs/deploy.md).';
    throw new CommandError('unversioned', `WORKER_DEPLOYMENT is not set. ${advice}`);
  }
  return { session, client: await session.client(), of: { deploymentName, identity: session.actor } };
}

/** How it stands now. @throws CommandError when no worker of it has polled yet */
export async function getDeployment({ client, of }: Deployments): Promise<Deployment> {
  const found = await client.findDeployment(of.deploymentName);
  if (found) return found;
  const advice = 'Start workers with WORKER_DEPLOYMENT and WORKER_BUILD_ID, and come again when they are ready.';
  throw new CommandError('no-pollers', `No worker of ${of.deploymentName} has polled yet. ${advice}`);
}

/** The same, where it stands as this command has left it. @throws CommandError also when somebody else has changed it */
export async function getUnchanged(at: Deployments, expected: Routing): Promise<Deployment> {
  const found = await getDeployment(at);
  if (isSameRouting(found.routing, expected)) return found;
  throw new CommandError('changed-meanwhile', 'Somebody else has changed what has the work meanwhile.');
}

/** A change of the routing, in words for an operator where Temporal refuses it. @throws CommandError */
export async function change(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Temporal's own words name versions and queues only.
    if (isGrpcServiceError(error)) throw new CommandError('refused', `Temporal refuses: ${error.details}`);
    throw error;
  }
}

/** Notes in the operators' chain what is done with versions: they belong to no tenant. */
export async function recordDeploymentAct(
  session: Session,
  { action, buildId: id, after }: { action: string; buildId: string | null; after: Record<string, unknown> },
): Promise<void> {
  const act = { actor: session.actor, origin: 'cli', action: `worker-version.${action}`, after };
  await withSystemRole(await session.db(), 'operators', (tx) =>
    auditOperator(tx, { ...act, subject: `worker-version:${nameVersion(id)}` }),
  );
}

const wentBackSchema = z.object({
  action: z.enum(['worker-version.roll-back', 'worker-version.rolled-back']),
  after: z.object({ to: z.string().nullable() }),
});

/** What the last act on versions went back to, by an operator's word or by itself; undefined where it was another act. */
export async function findRolledBackTo(session: Session): Promise<string | null | undefined> {
  const last = await withSystemRole(await session.db(), 'operators', findLastVersionAct);
  return wentBackSchema.safeParse(last).data?.after.to;
}

export const nameVersion = (id: string | null): string => id ?? UNVERSIONED;
