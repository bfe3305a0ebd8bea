/** What came of sending a webhook once: an answer's status, or why there is none. */
export type Answer =
  | { status: number; retryAfter: string | null }
  | {
      failure:
        | 'timeout'
        | 'address-refused'
        | 'name-unknown'
        | 'name-unanswered'
        | 'tls'
        | 'not-connected'
        | 'broken-off'
        | 'url-refused';
    };

/** Classes of results, which metrics count by. */
export const ATTEMPT_CLASSES = [
  'ok',
  'redirect',
  'gone',
  'refused',
  'limited',
  'failed',
  'unreachable',
  'address-refused',
] as const;
export type AttemptClass = (typeof ATTEMPT_CLASSES)[number];

export type AttemptDecision =
  | { next: 'delivered'; class: 'ok'; reason: string }
  /** The receiver wants no more at all. */
  | { next: 'disable'; class: AttemptClass; reason: string }
  /** `quietMs`: for how long the receiver wants to be sent nothing at all; 0 where it has not said. */
  | { next: 'retry'; class: AttemptClass; delayMs: number; quietMs: number; reason: string }
  /** All attempts are used up. */
  | { next: 'give-up'; class: AttemptClass; reason: string };

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long after each failed attempt the next one comes: ten attempts in about three days. From Standard Webhooks,
 * "Retry schedule": https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** A receiver may ask for more time, but not for ever. */
const LONGEST_WAIT_MS = 24 * HOUR_MS;
/** Deliveries that failed together are not to come back together. */
const JITTER = 0.2;

/** An endpoint that has failed so long without one success is disabled. */
export const FAILING_FOR_MS = 5 * DAY_MS;

/**
 * Decides what follows an attempt.
 * @param of.attempts how many were made, this one included
 * @param of.random 0 up to 1
 * @param delaysMs what stands between the attempts
 */
export function judgeAttempt(
  answer: Answer,
  of: { attempts: number; now: Date; random: number },
  delaysMs: readonly number[] = RETRY_DELAYS_MS,
): AttemptDecision {
  const { attemptClass, reason } = classify(answer);
  if (attemptClass === 'ok') return { next: 'delivered', class: attemptClass, reason };
  if (attemptClass === 'gone') return { next: 'disable', class: attemptClass, reason };
  const delayMs = delaysMs[of.attempts - 1];
  if (delayMs === undefined) return { next: 'give-up', class: attemptClass, reason };
  const asked = attemptClass === 'limited' && 'retryAfter' in answer ? retryAfterMs(answer.retryAfter, of.now) : 0;
  const quietMs = Math.min(asked, LONGEST_WAIT_MS);
  const spreadMs = Math.round(Math.max(delayMs, quietMs) * (1 + JITTER * of.random));
  return { next: 'retry', class: attemptClass, delayMs: spreadMs, quietMs, reason };
}

function classify(answer: Answer): { attemptClass: AttemptClass; reason: string } {
  if ('failure' in answer) {
    const isRefused = answer.failure === 'address-refused' || answer.failure === 'url-refused';
    return { attemptClass: isRefused ? 'address-refused' : 'unreachable', reason: answer.failure };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { attemptClass: 'ok', reason: `status-${status}` };
  // Followed, it could lead inside; and the signature was not made for where it leads.
  if (status >= 300 && status < 400) return { attemptClass: 'redirect', reason: `redirect-${status}` };
  const attemptClass =
    status === 410 ? 'gone' : status === 429 || status === 503 ? 'limited' : status >= 500 ? 'failed' : 'refused';
  return { attemptClass, reason: `status-${status}` };
}

/** `Retry-After` is seconds or a date (RFC 9110, 10.2.3). What cannot be read asks for nothing. In milliseconds. */
function retryAfterMs(text: string | null, now: Date): number {
  if (text === null) return 0;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * SECOND_MS;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}

/** Whether an endpoint has failed for so long that it is given up. @param failingSince its first failure since its last success */
export const hasFailedForGood = (failingSince: Date | null, now: Date, afterMs: number = FAILING_FOR_MS): boolean =>
  failingSince !== null && now.getTime() - failingSince.getTime() >= afterMs;
