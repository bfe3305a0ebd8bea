/**
 * A reason in a code word of whoever gives it, such as `on-holiday`. Free text could name a person, and reasons go into
 * histories, timelines and the audit log.
 */
export const CODE_WORD = /^[a-z0-9][a-z0-9_-]{0,59}$/;

/** The text if it is a code word; anything else is left out. */
export const onlyCodeWord = (text: unknown): string | undefined =>
  typeof text === 'string' && CODE_WORD.test(text) ? text : undefined;
