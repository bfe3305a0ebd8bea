import { createHash, randomBytes } from 'node:crypto';

/** Another prefix than keys and operators' secrets have, so that the one is never taken for the other. */
const FORM = /^swc_[\w-]{43}$/;

/** Whether a text can be the secret of a connect link, or of what was begun by one, at all. */
export const isConnectSecret = (text: string): boolean => FORM.test(text);

/** The only form in which a secret is stored. It holds 256 random bits, so one pass of SHA-256 is enough. */
export const hashConnectSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes a secret: `swc_` and 32 random bytes in base64url. It is shown once; its hash is stored. */
export function createConnectSecret(): { secret: string; hash: Buffer } {
  const secret = `swc_${randomBytes(32).toString('base64url')}`;
  return { secret, hash: hashConnectSecret(secret) };
}
