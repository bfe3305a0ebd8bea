import { z } from 'zod';
import type { LeadCursor } from '../db/leads.ts';

const content = z.tuple([z.iso.datetime(), z.uuid()]);

/** Where a page ended, as callers carry it: opaque to them, and no secret. */
export const encodeLeadCursor = ({ receivedAt, id }: LeadCursor): string =>
  Buffer.from(JSON.stringify([receivedAt.toISOString(), id])).toString('base64url');

/** Reads what `encodeLeadCursor` made. */
export const leadCursor = z
  .string()
  .max(200)
  .transform((text, context): LeadCursor => {
    const read = content.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
    if (read.success) return { receivedAt: new Date(read.data[0]), id: read.data[1] };
    context.addIssue({ code: 'custom', message: 'is not a cursor of this list' });
    return z.NEVER;
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
