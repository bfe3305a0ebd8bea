import { setWorkflowOptions, type WorkflowInfo, workflowInfo } from '@temporalio/workflow';
import * as workflows from './index.ts';
import { VERSIONING } from './versioning.ts';

export * from './index.ts';

/** Workers without a version name their code all the same, but no deployment. */
const isVersioned = ({ currentDeploymentVersion: version }: WorkflowInfo): boolean =>
  Boolean(version && version.deploymentName !== '');

for (const type of Object.keys(VERSIONING) as (keyof typeof VERSIONING)[]) {
  // Moving on is what workers say of themselves; the server refuses every word of it from those without a version.
  if (VERSIONING[type] === 'AUTO_UPGRADE') continue;
  const behavior = { versioningBehavior: VERSIONING[type] };
  setWorkflowOptions(() => (isVersioned(workflowInfo()) ? behavior : {}), workflows[type] as () => Promise<unknown>);
}
