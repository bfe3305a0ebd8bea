import { z } from 'zod';
import { normaliseEmail } from './email.ts';
import { NOTICE_TOPICS } from './notice.ts';

/** One or several topics, or the word `all`. */
export const topicsSchema = z
  .union([z.literal('all'), z.array(z.enum(NOTICE_TOPICS)).min(1)])
  .transform((topics) => (topics === 'all' ? [...NOTICE_TOPICS] : [...new Set(topics)]));

/** `rep`, whoever a notice is about, or an address, in the spelling by which addresses are compared. */
export const mailTargetSchema = z.string().transform((typed, context): { rep: true } | { address: string } => {
  if (typed.trim() === 'rep') return { rep: true };
  const { email } = normaliseEmail(typed);
  if (email !== null) return { address: email };
  context.addIssue({ code: 'custom', message: 'wanted is an e-mail address, or rep' });
  return z.NEVER;
});

/** An address as it may be shown: enough to know one's own. */
export const maskAddress = (address: string): string =>
  `${address.slice(0, 1)}…${address.slice(address.lastIndexOf('@'))}`;
