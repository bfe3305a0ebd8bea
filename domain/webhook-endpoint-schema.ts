import { z } from 'zod';
import { NOTICE_TOPICS } from './notice.ts';
import { SECRET_OVERLAP_HOURS, SECRET_OVERLAP_HOURS_AT_MOST } from './webhook-endpoint.ts';

/** For people; control characters would move a terminal's cursor. */
export const endpointDescription = z
  .string()
  .trim()
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must be one line of plain text')
  .default('');

/** What an endpoint hears of: some topics, or all that there are now. */
export const endpointTopics = z
  .array(z.enum(NOTICE_TOPICS))
  .min(1)
  .transform((topics) => [...new Set(topics)])
  .default([...NOTICE_TOPICS]);

/** What of an endpoint can be changed; what is not named stays as it is. */
export const endpointChange = {
  url: z.string().optional(),
  description: endpointDescription.removeDefault().optional(),
  topics: endpointTopics.removeDefault().optional(),
};

/** How many hours the secret before signs beside a new one. */
export const overlapHours = z.number().int().min(0).max(SECRET_OVERLAP_HOURS_AT_MOST).default(SECRET_OVERLAP_HOURS);

/** How many deliveries are sent once more at once. */
export const REDELIVERIES_AT_ONCE = 100;
