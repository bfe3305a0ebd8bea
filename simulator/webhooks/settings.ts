import { z } from 'zod';

const rate = z.number().min(0).max(1);
const millis = z.number().int().min(0);

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
});

export const webhookSettingsChangeSchema = webhookSettingsSchema.partial();

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
  };
}
