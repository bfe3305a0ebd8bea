import { createHash, randomBytes } from 'node:crypto';

/** Another prefix than an agency's API key has, so that the one is never taken for the other. */
const FORM = /^swo_[\w-]{43}$/;

/** Whether a text can be a link's, a session's or a token's secret at all. */
export const isOperatorSecret = (text: string): boolean => FORM.test(text);

/** The only form in which a secret is stored. It holds 256 random bits, so one pass of SHA-256 is enough. */
export const hashOperatorSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes a secret: `swo_` and 32 random bytes in base64url. It is shown once; its hash is stored. */
export function createOperatorSecret(): { secret: string; hash: Buffer } {
  const secret = `swo_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashOperatorSecret(secret) };
}
