import { z } from 'zod';
import type { ContactChange } from './contact-change.ts';

const id = z.string().min(1).max(200);

/** A `ContactChange` as it comes out of Postgres or Temporal; workflows, which carry no zod, use `isContactChange`. */
export const contactChangeSchema: z.ZodType<ContactChange> = z.object({
  resource: z.enum(['contact', 'opportunity', 'message', 'appointment', 'note', 'task']),
  ghlId: id,
  ghlContactId: id.exactOptional(),
  conversationId: id.exactOptional(),
});
