import type { BudgetObservation } from '../domain/ghl-budget.ts';

export type ResponseHeaders = Record<string, string | string[] | undefined>;

const DEFAULT_PAUSE_MS = 10_000;
const DAY_PAUSE_MS = 15 * 60_000;

/**
 * Reads GHL's rate headers into an observation of the budget. A 429 pauses the resource: by `Retry-After` where GHL
 * sends it (undocumented), to the end of the day or a quarter of an hour when the day is used up, else one window.
 */
export function readRateHeaders(headers: ResponseHeaders, status: number, nowMs: number): BudgetObservation {
  const windowMs = readNumber(headers, 'x-ratelimit-interval-milliseconds');
  const dayRemaining = readNumber(headers, 'x-ratelimit-daily-remaining');
  const dayResetInMs = readNumber(headers, 'x-ratelimit-daily-reset');
  const limitedMs =
    readRetryAfterMs(headers, nowMs) ??
    (dayRemaining !== null && dayRemaining <= 0 ? (dayResetInMs ?? DAY_PAUSE_MS) : (windowMs ?? DEFAULT_PAUSE_MS));
  return {
    windowLimit: readNumber(headers, 'x-ratelimit-max'),
    windowRemaining: readNumber(headers, 'x-ratelimit-remaining'),
    windowMs,
    dayLimit: readNumber(headers, 'x-ratelimit-limit-daily'),
    dayRemaining,
    dayResetInMs,
    pauseMs: status === 429 ? limitedMs : null,
  };
}

function readRetryAfterMs(headers: ResponseHeaders, nowMs: number): number | null {
  const value = single(headers, 'retry-after');
  if (value === undefined) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function readNumber(headers: ResponseHeaders, name: string): number | null {
  const value = single(headers, name);
  if (value === undefined || value.trim() === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function single(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
