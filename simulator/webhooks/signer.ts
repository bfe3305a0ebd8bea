import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** DER prefix of a PKCS#8 Ed25519 private key; the 32 key bytes follow (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Signs webhook bodies as `X-GHL-Signature` has it: Ed25519 over the raw bytes, base64. */
export interface Signer {
  publicKeyPem: string;
  sign(body: Buffer): string;
  /** A well-formed signature by a key nobody trusts. */
  signWrongly(body: Buffer): string;
}

/** Makes a signer whose key follows from the seed, so that a restarted simulator keeps its public key. */
export function createSigner(seed: string): Signer {
  const key = keyFrom(`${seed}/webhooks`);
  const stranger = keyFrom(`${seed}/stranger`);
  return {
    publicKeyPem: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sign: (body) => sign(null, body, key).toString('base64'),
    signWrongly: (body) => sign(null, body, stranger).toString('base64'),
  };
}

function keyFrom(text: string): KeyObject {
  const secret = createHash('sha256').update(text).digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secret]), format: 'der', type: 'pkcs8' });
}
