import { createHash } from 'node:crypto';

/** By what a delivery is known again, and for how long: null is for ever. */
export interface EventKey {
  eventId: string;
  repeatWithinMs: number | null;
}

/** Ids longer than this are not GHL's; an index of Postgres has no room for any length. */
const MAX_ID_LENGTH = 200;
const HASH_WINDOW_MS = 600_000;

const hashOf = (parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return `sha256:${hash.digest('base64url')}`;
};

/** The key of a delivery that carries an id of its own. */
export const keyOfId = (id: string): EventKey => ({
  eventId: id.length <= MAX_ID_LENGTH ? id : hashOf([id]),
  repeatWithinMs: null,
});

/** The key of a delivery without an id: equal content is a repeat for ten minutes, and a new enquiry after that. */
export const keyOfContent = (parts: readonly (string | Buffer)[]): EventKey => ({
  eventId: hashOf(parts),
  repeatWithinMs: HASH_WINDOW_MS,
});

/** The key of a request whose sender names it; equal requests of one sender are one for ever. */
export const keyOfRequest = (parts: readonly string[]): EventKey => ({ eventId: hashOf(parts), repeatWithinMs: null });
