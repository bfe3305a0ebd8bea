import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { GhlError } from '../ghl/errors.ts';
import { GhlAuthExpiredError, GhlCircuitOpenError, GhlRateLimitedError, GhlUnavailableError } from '../ghl/errors.ts';

/** GHL's window of requests; the wait where nobody named one. A wait of 0 would be a storm of retries. */
const USUAL_WAIT_MS = 10_000;

/** Those who wait for the same limit do not come back at the same moment. */
const jittered = (ms: number): number => Math.ceil(ms * (1 + Math.random() * 0.2));

/** How often a step looks whether somebody has connected an install again: our own row says it, GHL is not asked. */
const RECONNECT_LOOK_MS = 20_000;

/** What a step does whose install must be connected again: wait for the person, or end, because there is another way. */
export type WhenDisconnected = 'wait' | 'fail';

/**
 * Says to Temporal what a GHL error means: waiting for a limit or an outage is benign and retried after the time GHL or
 * the breaker named; an unavailable GHL is retried by the policy, or after the time that is known to heal it; a dead
 * install is waited for where the step has no other way; everything else is final.
 */
export function toApplicationFailure(error: GhlError, whenDisconnected: WhenDisconnected = 'fail'): ApplicationFailure {
  const { code: type, message } = error;
  if (error instanceof GhlRateLimitedError || error instanceof GhlCircuitOpenError) {
    return ApplicationFailure.create({
      type,
      message,
      cause: error,
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: jittered(error.retryAfterMs || USUAL_WAIT_MS),
    });
  }
  // A token that GHL has just given and refuses all the same says that GHL is in trouble, not the install.
  const isTransient =
    error instanceof GhlUnavailableError || (error instanceof GhlAuthExpiredError && error.reason === 'token-refused');
  if (isTransient) {
    // Where GHL is known to need a while, a try before that is in vain; else the policy says when.
    const named = error.retryAfterMs ? { nextRetryDelay: jittered(error.retryAfterMs) } : {};
    return ApplicationFailure.create({ type, message, cause: error, ...named });
  }
  if (error instanceof GhlAuthExpiredError && whenDisconnected === 'wait') {
    const nextRetryDelay = jittered(RECONNECT_LOOK_MS);
    const category = ApplicationFailureCategory.BENIGN;
    return ApplicationFailure.create({ type, message, cause: error, category, nextRetryDelay });
  }
  return ApplicationFailure.create({ type, message, cause: error, nonRetryable: true });
}
