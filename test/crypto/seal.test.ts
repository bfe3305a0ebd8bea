import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeyRing, UnknownKeyVersionError } from '../../crypto/key-ring.ts';
import { seal, sealedKeyVersion, UnsealError, unseal } from '../../crypto/seal.ts';

const material = (): string => randomBytes(32).toString('base64');
const [first, second] = [material(), material()];
const keys = parseKeyRing(`1:${first}`);
const owner = { agencyId: 'a', locationId: 'l', purpose: 'access-token' };
const secret = Buffer.from('pit-secret');

describe('seal', () => {
  it('gives back what was sealed, nothing and large values included', () => {
    for (const plain of [Buffer.alloc(0), secret, randomBytes(300_000)]) {
      expect(unseal(keys, seal(keys, plain, owner), owner).equals(plain)).toBe(true);
    }
  });

  it('opens for a view into a larger buffer, as drivers hand them out', () => {
    const sealed = seal(keys, secret, owner);
    const larger = Buffer.concat([randomBytes(7), sealed, randomBytes(5)]);
    expect(unseal(keys, larger.subarray(7, 7 + sealed.length), owner).equals(secret)).toBe(true);
  });

  it.each([
    { ...owner, agencyId: 'b' },
    { ...owner, agencyId: null },
    { ...owner, locationId: 'm' },
    { ...owner, locationId: null },
    { ...owner, purpose: 'refresh-token' },
    { agencyId: 'l', locationId: 'a', purpose: 'access-token' },
  ])('does not open for %j', (other) => {
    expect(() => unseal(keys, seal(keys, secret, owner), other)).toThrow(UnsealError);
  });

  it('does not open when any byte was changed, or any is missing', () => {
    const sealed = seal(keys, secret, owner);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => unseal(keys, changed, owner)).toThrow();
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(keys, sealed.subarray(0, length), owner)).toThrow(UnsealError);
    }
  });

  it('does not open with another key of the same version', () => {
    expect(() => unseal(parseKeyRing(`1:${second}`), seal(keys, secret, owner), owner)).toThrow(UnsealError);
  });

  it('seals with the newest key and still opens what older keys sealed', () => {
    const both = parseKeyRing(`1:${first},2:${second}`);
    const old = seal(keys, secret, owner);
    const fresh = seal(both, secret, owner);
    expect([sealedKeyVersion(old), sealedKeyVersion(fresh)]).toEqual([1, 2]);
    expect(unseal(both, old, owner).equals(secret)).toBe(true);
    expect(unseal(both, fresh, owner).equals(secret)).toBe(true);
    expect(() => unseal(keys, fresh, owner)).toThrow(UnknownKeyVersionError);
  });

  it('binds the key version, so that a value cannot be passed off as sealed by another', () => {
    const sameKeyTwice = parseKeyRing(`1:${first},2:${first}`);
    const sealed = seal(keys, secret, owner);
    sealed.writeUInt16BE(2);
    expect(() => unseal(sameKeyTwice, sealed, owner)).toThrow(UnsealError);
  });

  it('takes a fresh vector each time', () => {
    const sealed = Array.from({ length: 2_000 }, () => seal(keys, secret, owner));
    expect(new Set(sealed.map((value) => value.subarray(2, 14).toString('hex'))).size).toBe(2_000);
    expect(new Set(sealed.map((value) => value.subarray(14).toString('hex'))).size).toBe(2_000);
  });
});
