import { z } from 'zod';
import { workflowSchema } from '../workflow-schema.ts';
import { inGroup, read } from './endpoint-groups.ts';

export const workflowOperations = {
  listWorkflows: {
    ...inGroup('workflows'),
    ...read,
    path: '/workflows/',
    response: z.object({ workflows: z.array(workflowSchema) }),
  },
} as const;
