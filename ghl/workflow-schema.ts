import { z } from 'zod';
import { looseText } from './loose-fields.ts';

/** One of GHL's own automations; `status` is `draft` or `published`. */
export const workflowSchema = z.object({ id: z.string().min(1), name: looseText, status: looseText });
export type GhlWorkflow = z.output<typeof workflowSchema>;
