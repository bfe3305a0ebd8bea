import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeyRing, UnknownKeyVersionError } from '../../crypto/key-ring.ts';

const key = (bytes = 32): string => randomBytes(bytes).toString('base64');

describe('parseKeyRing', () => {
  it('seals with the highest version and opens with all, in whatever order they are given', () => {
    const [first, second, tenth] = [key(), key(), key()];
    const keys = parseKeyRing(`10:${tenth}, 1:${first},2:${second}`);
    expect(keys.currentVersion).toBe(10);
    expect(keys.key(2).toString('base64')).toBe(second);
    expect(keys.key(10).toString('base64')).toBe(tenth);
  });

  it('opens with a key that stands by, and does not seal with it', () => {
    const [first, second] = [key(), key()];
    const keys = parseKeyRing(`1:${first},2:${second}:standby`);
    expect(keys.currentVersion).toBe(1);
    expect(keys.versions).toEqual([1, 2]);
    expect(keys.key(2).toString('base64')).toBe(second);
  });

  it('does not know a version that was not given', () => {
    expect(() => parseKeyRing(`1:${key()}`).key(2)).toThrow(UnknownKeyVersionError);
    expect(() => parseKeyRing(`1:${key()}`).key(2)).toThrow(/version 2 is not configured: put it into ENCRYPTION_KEYS/);
  });

  it.each([
    ['', /entry 1 is not version:base64/],
    [key(), /entry 1 is not version:base64/],
    [`x:${key()}`, /entry 1 is not version:base64/],
    [`1:${key()},`, /entry 2 is not version:base64/],
    [`1:${key(16)}`, /entry 1 holds 16 bytes; a key has 32/],
    [`1:${key()},1:${key()}`, /key version 1 is given twice/],
    [`1:${key()}:later`, /entry 1 ends with something other than :standby/],
    [`1:${key()}:standby`, /all keys are marked :standby/],
    [`0:${key()}`, /entry 1 has a version that is not between 1 and 65535/],
    [`65536:${key()}`, /entry 1 has a version that is not between 1 and 65535/],
  ])('refuses a text that is no key ring', (text, message) => {
    expect(() => parseKeyRing(text)).toThrow(message);
  });

  it('never repeats a key in its complaint', () => {
    const short = key(31);
    let complaint = '';
    try {
      parseKeyRing(`1:${short}`);
    } catch (error) {
      complaint = String(error);
    }
    expect(complaint).not.toBe('');
    expect(complaint).not.toContain(short.slice(0, 8));
  });
});
