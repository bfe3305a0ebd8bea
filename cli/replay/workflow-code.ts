import { fileURLToPath } from 'node:url';
import type { ReplayWorkerOptions } from '@temporalio/worker';

const isBuilt = import.meta.url.endsWith('.js');
const find = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

type WorkflowCode = Pick<ReplayWorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'>;

/**
 * The workflows of this program: the bundle that is named, the built one beside the built program, or the sources.
 * @param bundlePath as WORKFLOW_BUNDLE_PATH names one
 */
export function getWorkflowCode(bundlePath: string | undefined): WorkflowCode {
  if (bundlePath !== undefined) return { workflowBundle: { codePath: bundlePath } };
  if (isBuilt) return { workflowBundle: { codePath: find('workflow-bundle.js') } };
  return {
    workflowsPath: find('workflows/index.ts'),
    interceptors: { workflowModules: [find('workflows/trace-headers.ts')] },
  };
}
