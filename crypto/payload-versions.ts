import type { Payload } from '@temporalio/common';
import { isSealedPayload } from './payload-codec.ts';
import { sealedKeyVersion } from './seal.ts';

/**
 * Which key versions sealed the payloads within an object of Temporal's, such as a history, wherever they are in it.
 * Opens nothing and needs no key.
 */
export function findPayloadKeyVersions(value: unknown): Set<number> {
  const found = new Set<number>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || next instanceof Uint8Array) continue;
    if (isPayload(next) && isSealedPayload(next)) {
      const version = next.data && sealedKeyVersion(next.data);
      if (version !== undefined && version !== null) found.add(version);
      continue;
    }
    // One by one: a long history would not fit the arguments of a call.
    for (const each of Object.values(next)) pending.push(each);
  }
  return found;
}

const isPayload = (value: object): value is Payload =>
  'metadata' in value && 'data' in value && typeof value.metadata === 'object';
