import { z } from 'zod';
import { BACKFILL_RESOURCES, type BackfillResource } from './backfill.ts';

/** As `readGhlTime` has it: a mistyped year is found before anything is read. */
const isPlausible = (at: Date): boolean => at.getUTCFullYear() >= 2000 && at.getUTCFullYear() < 2100;

const day = z.iso.date().transform((text) => new Date(`${text}T00:00:00Z`));
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** A time as ISO 8601; a day alone means its beginning in UTC. */
const time = z
  .union([day, moment], 'wanted is a day such as 2026-01-31, or a time with its offset')
  .refine(isPlausible, 'is not between the years 2000 and 2100');

export const backfillResource = z.enum(BACKFILL_RESOURCES as [BackfillResource, ...BackfillResource[]]);

/** When records were made that a run is to bring, and how exactly; the same for all who ask. */
export const backfillRange = {
  from: time.optional(),
  to: time.optional(),
  names: z.enum(['exact', 'listed']).default('exact'),
};

export const isOrdered = ({ from, to }: { from?: Date | undefined; to?: Date | undefined }): boolean =>
  from === undefined || to === undefined || from < to;
export const NOT_ORDERED = { message: 'from must be before to', path: ['to'] };

const uuid = z.uuid().toLowerCase();

/** The input of the workflow `backfill`: whoever reaches Temporal can start one by hand, so that nothing is believed. */
export const backfillInputSchema = z
  .strictObject({
    agencyId: uuid,
    locationId: uuid,
    resource: backfillResource,
    runId: uuid.optional(),
    ...backfillRange,
  })
  .refine(isOrdered, NOT_ORDERED);
