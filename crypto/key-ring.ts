/** Where encryption keys come from. A KMS, Vault or Secrets Manager implements this; `ENCRYPTION_KEYS` is the default. */
export interface KeyProvider {
  /** The version new data is sealed with. */
  readonly currentVersion: number;
  /** All versions that open, ascending; standing by ones included. */
  readonly versions: readonly number[];
  /** The 32-byte key of a version; throws `UnknownKeyVersionError` when it is not (or no longer) configured. */
  key(version: number): Buffer;
}

/** A sealed value names a key version that this process was not given. */
export class UnknownKeyVersionError extends Error {
  readonly code = 'UnknownKeyVersion';
  readonly version: number;
  constructor(version: number) {
    super(
      `encryption key version ${version} is not configured: put it into ENCRYPTION_KEYS and restart (a version that was taken out comes back with its old key)`,
    );
    this.name = 'UnknownKeyVersionError';
    this.version = version;
  }
}

/** A sealed value names its version in two bytes. */
const HIGHEST_VERSION = 0xffff;
/** Marks a key that opens and does not seal yet, so that it can be given to one process after the other. */
const STANDBY = 'standby';

/**
 * Reads `ENCRYPTION_KEYS`: comma-separated `version:base64-of-32-bytes`, or `version:base64-of-32-bytes:standby` for a
 * key that opens only. The highest version that does not stand by seals; all of them open.
 * @throws Error that says what is wrong with the text; never repeats a key.
 */
export function parseKeyRing(text: string): KeyProvider {
  const keys = new Map<number, Buffer>();
  const sealing: number[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const [digits, encoded, marker, ...rest] = part.trim().split(':');
    if (!digits || !encoded || rest.length > 0 || !/^\d+$/.test(digits)) {
      throw new Error(`entry ${index + 1} is not version:base64, for example 1:${'A'.repeat(4)}…`);
    }
    if (marker !== undefined && marker !== STANDBY) {
      throw new Error(`entry ${index + 1} ends with something other than :${STANDBY}`);
    }
    const version = Number(digits);
    if (version < 1 || version > HIGHEST_VERSION) {
      throw new Error(`entry ${index + 1} has a version that is not between 1 and ${HIGHEST_VERSION}`);
    }
    const key = Buffer.from(encoded, 'base64');
    if (key.length !== 32) throw new Error(`entry ${index + 1} holds ${key.length} bytes; a key has 32`);
    if (keys.has(version)) throw new Error(`key version ${version} is given twice`);
    keys.set(version, key);
    if (marker === undefined) sealing.push(version);
  }
  if (sealing.length === 0) throw new Error(`all keys are marked :${STANDBY}; one must seal`);
  return {
    currentVersion: Math.max(...sealing),
    versions: [...keys.keys()].sort((a, b) => a - b),
    key(version) {
      const found = keys.get(version);
      if (!found) throw new UnknownKeyVersionError(version);
      return found;
    },
  };
}
