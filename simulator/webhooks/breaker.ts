import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { WebhookSettings } from './settings.ts';

type BreakerSettings = WebhookSettings['breaker'];

/** Attempts are counted in slots of the trailing window, as fine as this. */
const slotsInWindow = 72;

const stateSchema = z.enum(['ok', 'warned', 'paused']);

/** What is known of one URL; times are the simulator's, in milliseconds. */
export const urlHealthSchema = z.object({
  url: z.string(),
  state: stateSchema,
  checkedAtMs: z.number(),
  slots: z.array(z.object({ startMs: z.number(), attempts: z.number(), succeeded: z.number() })),
});
type UrlHealth = z.output<typeof urlHealthSchema>;

/** A URL as it is shown, with its attempts of the trailing window. */
export interface UrlReport {
  url: string;
  state: UrlHealth['state'];
  attempts: number;
  succeeded: number;
}

/** The circuit breaker of webhook URLs. */
export interface UrlBreaker {
  record(url: string, succeeded: boolean): void;
  isPaused(url: string): boolean;
  /** A person enables a paused URL again in the portal. Returns whether it is known. */
  enable(url: string): boolean;
  list(): UrlReport[];
  save(): UrlHealth[];
  restore(saved: UrlHealth[]): void;
}

/**
 * Decides what a check finds: a URL that fails too much is warned first, and paused when the next check finds the same.
 * The published rule (more than 10,000 webhooks in the trailing 3 days, under 90% successful, 3 days to mend it) does not
 * say whether repeated attempts count; here each does.
 */
export function decideUrlState(
  before: UrlHealth['state'],
  counted: { attempts: number; succeeded: number },
  settings: Pick<BreakerSettings, 'moreThan' | 'successRate'>,
): UrlHealth['state'] {
  if (before === 'paused') return 'paused';
  const isFailing = counted.attempts > settings.moreThan && counted.succeeded / counted.attempts < settings.successRate;
  if (!isFailing) return 'ok';
  return before === 'warned' ? 'paused' : 'warned';
}

/** Makes the breaker. It looks at a URL each `checkEveryMs` of the simulator's clock, counted from its first webhook. */
export function createUrlBreaker(settings: WebhookSettings, clock: Clock): UrlBreaker {
  const urls = new Map<string, UrlHealth>();

  const catchUp = (health: UrlHealth): void => {
    const { breaker } = settings;
    const nowMs = clock.nowMs();
    while (health.checkedAtMs + breaker.checkEveryMs <= nowMs) {
      health.checkedAtMs += breaker.checkEveryMs;
      health.state = decideUrlState(health.state, countUntil(health, health.checkedAtMs, breaker), breaker);
      health.slots = health.slots.filter(({ startMs }) => startMs >= health.checkedAtMs - breaker.windowMs);
      // Checks that can find nothing need not be made one by one: the clock may have been moved by a year.
      if (health.slots.length > 0 || health.state === 'warned') continue;
      health.checkedAtMs += Math.floor((nowMs - health.checkedAtMs) / breaker.checkEveryMs) * breaker.checkEveryMs;
    }
  };

  return {
    record(url, succeeded) {
      const nowMs = clock.nowMs();
      const health = urls.get(url) ?? { url, state: 'ok', checkedAtMs: nowMs, slots: [] };
      urls.set(url, health);
      catchUp(health);
      const slotMs = settings.breaker.windowMs / slotsInWindow;
      let slot = health.slots.at(-1);
      if (!slot || nowMs >= slot.startMs + slotMs) {
        slot = { startMs: nowMs, attempts: 0, succeeded: 0 };
        health.slots.push(slot);
      }
      slot.attempts += 1;
      if (succeeded) slot.succeeded += 1;
    },
    isPaused(url) {
      const health = urls.get(url);
      if (health) catchUp(health);
      return health?.state === 'paused';
    },
    enable(url) {
      const health = urls.get(url);
      if (!health) return false;
      Object.assign(health, { state: 'ok', checkedAtMs: clock.nowMs(), slots: [] });
      return true;
    },
    list: () =>
      [...urls.values()].map((health) => {
        catchUp(health);
        return { url: health.url, state: health.state, ...countUntil(health, clock.nowMs(), settings.breaker) };
      }),
    save: () => [...urls.values()],
    restore(saved) {
      for (const health of saved) urls.set(health.url, health);
    },
  };
}

function countUntil(
  { slots }: UrlHealth,
  endMs: number,
  { windowMs }: BreakerSettings,
): {
  attempts: number;
  succeeded: number;
} {
  const counted = { attempts: 0, succeeded: 0 };
  for (const slot of slots) {
    if (slot.startMs < endMs - windowMs || slot.startMs > endMs) continue;
    counted.attempts += slot.attempts;
    counted.succeeded += slot.succeeded;
  }
  return counted;
}
