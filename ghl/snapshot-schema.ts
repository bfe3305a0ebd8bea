import { z } from 'zod';
import { looseText, looseTexts } from './loose-fields.ts';

/** `type` is `own` or `imported`. */
export const snapshotSchema = z.object({ id: z.string().min(1), name: looseText, type: looseText });
export type GhlSnapshot = z.output<typeof snapshotSchema>;

export const snapshotLoadSchema = z.object({
  id: z.string().min(1),
  locationId: looseText,
  /** In GHL's words, of which no list is published. */
  status: looseText,
  /** As text, and not as in the rest of the API: `10/28/2022, 6:24:54 PM`. */
  dateAdded: looseText,
});
export type GhlSnapshotLoad = z.output<typeof snapshotLoadSchema>;

export const snapshotProgressSchema = z.object({
  id: z.string().min(1),
  locationId: looseText,
  status: looseText,
  completed: looseTexts,
  // What is pending decides whether a location is ready: a missing list is no empty one.
  pending: z.array(z.string()),
});
export type GhlSnapshotProgress = z.output<typeof snapshotProgressSchema>;
