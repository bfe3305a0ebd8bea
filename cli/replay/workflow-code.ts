import { fileURLToPath } from 'node:url';
import type { ReplayWorkerOptions } from '@temporalio/worker';

const isBuilt = import.meta.url.endsWith('.js');

/** The workflows of this program: the built bundle beside the built program, or the sources. */
export const getWorkflowCode = (): Pick<ReplayWorkerOptions, 'workflowBundle' | 'workflowsPath'> =>
  isBuilt
    ? { workflowBundle: { codePath: fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)) } }
    : { workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)) };
