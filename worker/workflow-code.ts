import { fileURLToPath } from 'node:url';

const sourceOf = (file: string): string => fileURLToPath(new URL(`../workflows/${file}`, import.meta.url));

/** What a bundle of the workflows is made of, from the sources. */
export const WORKFLOW_SOURCES = {
  workflowsPath: sourceOf('versioned.ts'),
  workflowInterceptorModules: [sourceOf('trace-headers.ts')],
};
