import { z } from 'zod';

/** Why somebody did something, in a code word of theirs: it goes into histories, where free text could name a person. */
export const reasonCode = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,59}$/, 'must be a code such as `on-holiday`');
