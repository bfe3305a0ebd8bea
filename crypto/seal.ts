import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyProvider } from './key-ring.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 2;

/** The tenant a value belongs to, bound to it as additional authenticated data. */
export interface SealedFor {
  agencyId: string | null;
  locationId: string | null;
  /** What the value is, so that one column's value does not open in another's place. */
  purpose: string;
}

/** The value was changed, belongs to another tenant or purpose, or was sealed by another key. */
export class UnsealError extends Error {
  readonly code = 'Unseal';
  constructor() {
    super('a sealed value does not open for this tenant and purpose');
    this.name = 'UnsealError';
  }
}

const authenticatedData = (owner: SealedFor): Buffer =>
  Buffer.from(JSON.stringify([owner.purpose, owner.agencyId, owner.locationId]));

/**
 * Seals bytes with AES-256-GCM: key version (2 bytes), a fresh 96-bit IV (12), ciphertext, auth tag (16).
 * NIST SP 800-38D: a random 96-bit IV is safe below 2^32 values a key, which is why keys have versions and rotate.
 */
export function seal(keys: KeyProvider, plain: Uint8Array, owner: SealedFor): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(keys.currentVersion);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keys.key(keys.currentVersion), iv);
  cipher.setAAD(Buffer.concat([header, authenticatedData(owner)]));
  return Buffer.concat([header, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made. @throws UnsealError, UnknownKeyVersionError */
export function unseal(keys: KeyProvider, sealed: Uint8Array, owner: SealedFor): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEADER_BYTES + IV_BYTES + TAG_BYTES) throw new UnsealError();
  const header = bytes.subarray(0, HEADER_BYTES);
  const key = keys.key(header.readUInt16BE());
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES));
  decipher.setAAD(Buffer.concat([header, authenticatedData(owner)]));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES + IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new UnsealError();
  }
}

/**
 * The key version a sealed value was made with, for key rotation and retirement; its first two bytes are enough.
 * Undefined when there are not even these.
 */
export const sealedKeyVersion = (sealed: Uint8Array): number | undefined =>
  sealed.length < HEADER_BYTES
    ? undefined
    : Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).readUInt16BE();
