/** Where encryption keys come from. A KMS, Vault or Secrets Manager implements this; `ENCRYPTION_KEYS` is the default. */
export interface KeyProvider {
  /** The version new data is sealed with. */
  readonly currentVersion: number;
  /** The 32-byte key of a version; throws `UnknownKeyVersionError` when it is not (or no longer) configured. */
  key(version: number): Buffer;
}

/** A sealed value names a key version that this process was not given. */
export class UnknownKeyVersionError extends Error {
  readonly code = 'UnknownKeyVersion';
  constructor(version: number) {
    super(`encryption key version ${version} is not configured: add it to ENCRYPTION_KEYS`);
    this.name = 'UnknownKeyVersionError';
  }
}

/**
 * Reads `ENCRYPTION_KEYS`: comma-separated `version:base64-of-32-bytes`; the highest version seals, all of them open.
 * @throws Error that says what is wrong with the text; never repeats a key.
 */
export function parseKeyRing(text: string): KeyProvider {
  const keys = new Map<number, Buffer>();
  for (const [index, part] of text.split(',').entries()) {
    const [version, encoded, ...rest] = part.trim().split(':');
    if (!version || !encoded || rest.length > 0 || !/^\d+$/.test(version)) {
      throw new Error(`entry ${index + 1} is not version:base64, for example 1:${'A'.repeat(4)}…`);
    }
    const key = Buffer.from(encoded, 'base64');
    if (key.length !== 32) throw new Error(`entry ${index + 1} holds ${key.length} bytes; a key has 32`);
    if (keys.has(Number(version))) throw new Error(`key version ${version} is given twice`);
    keys.set(Number(version), key);
  }
  const currentVersion = Math.max(...keys.keys());
  return {
    currentVersion,
    key(version) {
      const found = keys.get(version);
      if (!found) throw new UnknownKeyVersionError(version);
      return found;
    },
  };
}
