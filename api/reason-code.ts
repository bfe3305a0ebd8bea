import { z } from 'zod';
import { CODE_WORD } from '../domain/code-word.ts';

/** Why somebody did something, in a code word of theirs. */
export const reasonCode = z.string().regex(CODE_WORD, 'must be a code such as `on-holiday`');
