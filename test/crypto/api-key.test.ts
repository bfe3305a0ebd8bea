import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createApiKey, hashApiKey } from '../../crypto/api-key.ts';

describe('createApiKey', () => {
  it('makes a key of 32 random bytes under our prefix, and the hash that is stored', () => {
    const { key, hash } = createApiKey();
    expect(key).toMatch(/^swy_[\w-]{43}$/);
    expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32);
    expect(hash.equals(createHash('sha256').update(key).digest())).toBe(true);
    expect(hashApiKey(key).equals(hash)).toBe(true);
  });

  it('never makes the same key twice', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => createApiKey().key)).size).toBe(1_000);
  });
});
