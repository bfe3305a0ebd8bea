import { createHash, randomBytes } from 'node:crypto';

/** Tells a key of ours from other secrets, for people and for secret scanners. */
const PREFIX = 'swy_';

/** The only form in which a key is stored. A key holds 256 random bits, so one pass of SHA-256 is enough. */
export const hashApiKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Makes a key: `swy_` and 32 random bytes in base64url. It is shown once; its hash is stored. */
export function createApiKey(): { key: string; hash: Buffer } {
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashApiKey(key) };
}
