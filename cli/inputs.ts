import { z } from 'zod';

/** Our ids, in lower case as the database scope wants them. */
export const id = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'wanted is an id such as 01890a5d-ac96-774b-bcce-b302099a8057');

/** The option that every command but `agency create` takes. */
export const inAgencyInput = { agency: id };

/** One line of text that people read. */
export const text = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(maxLength, `at most ${maxLength} characters`)
    .regex(/^\P{Cc}*$/u, 'must be one line of plain text');

/** An id of GHL's: opaque, but never with spaces or slashes. */
export const ghlId = z
  .string()
  .trim()
  .regex(/^[\w-]{1,100}$/, 'wanted is an id of GHL: letters, digits, - and _');

/** A whole number typed as text. */
export const count = (min: number, max: number) =>
  z
    .string()
    .trim()
    .regex(/^\d+$/, 'wanted is a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `at least ${min}`).max(max, `at most ${max}`));

/** The value, or the word `none`, which takes a stored value away. */
export const orNone = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((typed, context): z.output<Schema> | null => {
    if (typed.trim() === 'none') return null;
    const read = schema.safeParse(typed);
    if (read.success) return read.data;
    for (const { message } of read.error.issues) context.addIssue({ code: 'custom', message: `${message}, or none` });
    return z.NEVER;
  });

/** How many rows a list shows at most. */
export const limit = count(1, 1_000);

const HOUR_MS = 3_600_000;
const UNIT_MS: Record<string, number> = { h: HOUR_MS, d: 24 * HOUR_MS };

/** How long something is valid, typed as 12h or 90d; in milliseconds. */
export const lifetimeMs = z
  .string()
  .trim()
  .regex(/^[1-9]\d{0,3}[hd]$/, 'wanted is a number of hours or days such as 12h or 90d')
  .transform((typed) => Number(typed.slice(0, -1)) * UNIT_MS[typed.slice(-1)]!);
