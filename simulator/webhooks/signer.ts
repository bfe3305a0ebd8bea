import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

/** DER prefix of a PKCS#8 Ed25519 private key; the 32 key bytes follow (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** What a restarted simulator needs to sign as before. */
export const signerStateSchema = z.object({
  rotations: z.number().int().min(0),
  /** The RSA key of the retired header, once it was needed; it cannot follow from a seed. */
  legacyPrivateKeyPem: z.string().nullable(),
});
type SignerState = z.output<typeof signerStateSchema>;

/** Signs webhook bodies as `X-GHL-Signature` has it (Ed25519 over the raw bytes, base64), and as the retired header had it. */
export interface Signer {
  publicKeyPem(): string;
  /** The key before the last rotation. */
  previousPublicKeyPem(): string | null;
  legacyPublicKeyPem(): string;
  /** From now on a new key signs. */
  rotate(): void;
  sign(body: Buffer, key?: 'newest' | 'previous'): string;
  /** A well-formed signature by a key nobody trusts. */
  signWrongly(body: Buffer): string;
  /** RSA PKCS#1 v1.5 with SHA-256, base64: `x-wh-signature`. */
  signLegacy(body: Buffer): string;
  save(): SignerState;
  restore(state: SignerState): void;
}

/** Makes a signer whose keys follow from the seed, so that a restarted simulator keeps its public key. */
export function createSigner(seed: string): Signer {
  const stranger = keyFrom(`${seed}/stranger`);
  let rotations = 0;
  let legacy: KeyObject | undefined;
  const keyOf = (rotation: number): KeyObject =>
    keyFrom(rotation === 0 ? `${seed}/webhooks` : `${seed}/webhooks/${rotation}`);
  let newest = keyOf(0);
  let previous: KeyObject | undefined;
  const take = (): void => {
    newest = keyOf(rotations);
    previous = rotations === 0 ? undefined : keyOf(rotations - 1);
  };
  const legacyKey = (): KeyObject => (legacy ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);

  return {
    publicKeyPem: () => publicPem(newest),
    previousPublicKeyPem: () => (previous ? publicPem(previous) : null),
    legacyPublicKeyPem: () => publicPem(legacyKey()),
    rotate() {
      rotations += 1;
      take();
    },
    sign: (body, key = 'newest') =>
      sign(null, body, key === 'previous' && previous ? previous : newest).toString('base64'),
    signWrongly: (body) => sign(null, body, stranger).toString('base64'),
    signLegacy: (body) => sign('sha256', body, legacyKey()).toString('base64'),
    save: () => ({
      rotations,
      legacyPrivateKeyPem: legacy?.export({ type: 'pkcs8', format: 'pem' }).toString() ?? null,
    }),
    restore(state) {
      rotations = state.rotations;
      legacy = state.legacyPrivateKeyPem === null ? undefined : createPrivateKey(state.legacyPrivateKeyPem);
      take();
    },
  };
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

function keyFrom(text: string): KeyObject {
  const secret = createHash('sha256').update(text).digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secret]), format: 'der', type: 'pkcs8' });
}
