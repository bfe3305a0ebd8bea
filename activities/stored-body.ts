import { ApplicationFailure } from '@temporalio/activity';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { unseal } from '../crypto/seal.ts';

/**
 * Opens the stored body of an event.
 * @throws ApplicationFailure StoredBodyUnreadable, final. What a parser says quotes the body, so it is not passed on.
 */
export function readStoredBody(
  keys: KeyProvider,
  event: { agencyId: string | null; locationId: string | null },
  body: Buffer,
): unknown {
  const owner = { agencyId: event.agencyId, locationId: event.locationId, purpose: 'event-body' };
  const text = unseal(keys, body, owner).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw ApplicationFailure.nonRetryable('the stored body of an event is no JSON', 'StoredBodyUnreadable');
  }
}
