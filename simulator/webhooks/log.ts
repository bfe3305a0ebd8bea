import { z } from 'zod';

const keptDeliveries = 2_000;

/** One body on its way to one URL; every attempt of it carries the same delivery id. */
export const deliverySchema = z.object({
  deliveryId: z.string(),
  webhookId: z.string().default(''),
  type: z.string().default(''),
  url: z.string(),
  body: z.string(),
  attempts: z.number(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** How a delivery stands; `refused` ones met a paused URL. */
export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'dropped' | 'refused';

/** A line of the delivery log, as the portal shows it. */
export interface LoggedDelivery {
  deliveryId: string;
  webhookId: string;
  type: string;
  url: string;
  body: string;
  state: DeliveryState;
  /** When each attempt began, and how it was answered; null: not at all. */
  attempts: { at: string; status: number | null }[];
}

/** The log of the last deliveries (GHL keeps 30 days; here it is a number). */
export interface DeliveryLog {
  open(delivery: Delivery): void;
  addAttempt(deliveryId: string, at: Date, status: number | null): void;
  close(deliveryId: string, state: DeliveryState): void;
  find(deliveryId: string): LoggedDelivery | undefined;
  /** The newest first. */
  list(filter: { type?: string | undefined; state?: string | undefined; limit: number }): LoggedDelivery[];
}

/** Makes an empty log. */
export function createDeliveryLog(): DeliveryLog {
  const entries = new Map<string, LoggedDelivery>();
  return {
    open({ attempts: _count, ...delivery }) {
      if (entries.has(delivery.deliveryId)) return;
      entries.set(delivery.deliveryId, { ...delivery, state: 'pending', attempts: [] });
      const [oldest] = entries.keys();
      if (entries.size > keptDeliveries && oldest !== undefined) entries.delete(oldest);
    },
    addAttempt(deliveryId, at, status) {
      entries.get(deliveryId)?.attempts.push({ at: at.toISOString(), status });
    },
    close(deliveryId, state) {
      const entry = entries.get(deliveryId);
      if (entry) entry.state = state;
    },
    find: (deliveryId) => entries.get(deliveryId),
    list: ({ type, state, limit }) =>
      [...entries.values()]
        .filter((entry) => (!type || entry.type === type) && (!state || entry.state === state))
        .slice(-limit)
        .reverse(),
  };
}
