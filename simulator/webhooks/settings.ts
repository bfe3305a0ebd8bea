import { z } from 'zod';

const rate = z.number().min(0).max(1);
const dayMs = 86_400_000;
const millis = z.number().int().min(0);

/** When a URL is warned and then paused: GHL's are 3 days, 10,000 webhooks and 90%. */
const breakerSchema = z.strictObject({
  windowMs: z.number().int().positive(),
  checkEveryMs: z.number().int().positive(),
  moreThan: z.number().int().min(0),
  successRate: rate,
  /** What becomes of webhooks to a paused URL is not published: lost, or sent when it is enabled again. */
  whenPaused: z.enum(['lose', 'keep']),
});

/** How webhooks are delivered, and how badly. */
export const webhookSettingsSchema = z.strictObject({
  /** Where events go when the app names no URL of its own; null switches them off. */
  url: z.url().nullable(),
  duplicateRate: rate,
  dropRate: rate,
  reorderWithinMs: millis,
  delayMs: millis,
  /** '2025': only 429 is retried, 6 times; '2026': any non-2xx, timeout or lost connection, 12 times. */
  retryPolicy: z.enum(['2025', '2026']),
  /** First spacing of retries; null takes the policy's own (10 minutes, or 10 seconds doubling). */
  retryBaseMs: millis.nullable(),
  timeoutMs: z.number().int().positive(),
  concurrency: z.number().int().positive(),
  paused: z.boolean(),
  /** What stands in `X-GHL-Signature`: a good signature, `N/A`, nothing, or one by another key. */
  signature: z.enum(['valid', 'na', 'missing', 'wrong']),
  /** Which key signs after a rotation: while it spreads, either may. */
  signingKey: z.enum(['newest', 'previous', 'either']),
  /** The RSA header that was retired in 2026: not sent, beside the current one, or in its place. */
  legacySignature: z.enum(['none', 'beside', 'alone']),
  /** The name of the header with the delivery id (its spelling is not confirmed); null leaves it out. */
  deliveryIdHeader: z.string().min(1).nullable(),
  /** Whether a repeated attempt carries the time of its own instead of the first one's (not confirmed). */
  freshTimestamp: z.boolean(),
  breaker: breakerSchema,
});

export const webhookSettingsChangeSchema = webhookSettingsSchema.extend({ breaker: breakerSchema.partial() }).partial();

export type WebhookSettings = z.infer<typeof webhookSettingsSchema>;

/** The settings a new simulator has: no URL, no mischief, the current retry policy. */
export function defaultWebhookSettings(): WebhookSettings {
  return {
    url: null,
    duplicateRate: 0,
    dropRate: 0,
    reorderWithinMs: 0,
    delayMs: 0,
    retryPolicy: '2026',
    retryBaseMs: null,
    timeoutMs: 10_000,
    concurrency: 20,
    paused: false,
    signature: 'valid',
    signingKey: 'newest',
    legacySignature: 'none',
    deliveryIdHeader: 'deliveryId',
    freshTimestamp: false,
    breaker: {
      windowMs: 3 * dayMs,
      checkEveryMs: 3 * dayMs,
      moreThan: 10_000,
      successRate: 0.9,
      whenPaused: 'lose',
    },
  };
}

/** Changes what is named, in place: whoever holds the settings sees it. */
export function changeSettings(
  settings: WebhookSettings,
  { breaker, ...change }: z.output<typeof webhookSettingsChangeSchema>,
): void {
  Object.assign(settings, change);
  Object.assign(settings.breaker, breaker);
}
