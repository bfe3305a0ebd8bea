import { fileURLToPath } from 'node:url';
import type { ReplayWorkerOptions } from '@temporalio/worker';

const isBuilt = import.meta.url.endsWith('.js');
const find = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The workflows of this program: the built bundle beside the built program, or the sources. */
export const getWorkflowCode = (): Pick<ReplayWorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'> =>
  isBuilt
    ? { workflowBundle: { codePath: find('workflow-bundle.js') } }
    : {
        workflowsPath: find('workflows/index.ts'),
        interceptors: { workflowModules: [find('workflows/trace-headers.ts')] },
      };
