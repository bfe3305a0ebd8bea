import { z } from 'zod';

const millis = z.number().int().min(0);

/** How the pretended resources behave where the real ones are not known for sure, or where tests need them otherwise. */
export const resourceBehaviourSchema = z.strictObject({
  /** How long a message is `pending`. */
  messageSentAfterMs: millis,
  /** How long after that it is `sent`, before its end is known. */
  messageSettledAfterMs: millis,
  /** What becomes of messages. */
  messageOutcome: z.enum(['delivered', 'failed', 'undelivered', 'opt_out']),
  /** The share of messages that fail whatever the outcome above. */
  messageFailureRate: z.number().min(0).max(1),
  /** The carrier's code for a message that was not delivered: 30004 opts out for good, 30003, 30005 and 30006 until lifted. */
  carrierErrorCode: z.string().nullable(),
  /** OutboundMessage fires when a message is sent and when its end is known, or only the first or the last time. */
  outboundEvents: z.enum(['each', 'sent', 'settled']),
  /** Appended to the first SMS of a conversation that has no such words; null: nothing, where the location is older than 15 days. */
  optOutText: z.string().nullable(),
  /** The SMS ramp-up level of a location: how many it may send in 24 hours. */
  smsDailyLimit: z.number().int().min(0).nullable(),
  /** How long the status of a message can not be set by its provider yet, and what it is told (formerly 401). */
  providerBlindMs: millis,
  providerBlindStatus: z.union([z.literal(401), z.literal(403)]),
  /** What a send or an inbound message for an unknown provider gets: 500, or 201 with an empty body and no message. */
  unknownProvider: z.enum(['500', 'empty']),
  /** Which of the two events of a STOP comes first. */
  stopEventOrder: z.enum(['message-first', 'dnd-first']),
  /** Messages of a conversation stand one level deeper than the published schema says. */
  messageList: z.enum(['nested', 'flat']),
  /** The published schemas say 200, integrators see 201. */
  messageCreatedStatus: z.union([z.literal(200), z.literal(201)]),
  /** A wrong body of a new location was once seen refused with 401. */
  locationInvalidStatus: z.union([z.literal(422), z.literal(401)]),
  locationCreatedStatus: z.union([z.literal(200), z.literal(201)]),
  /** What `POST /conversations/` gives for a contact that has one already. */
  conversationExistsStatus: z.union([z.literal(400), z.literal(409), z.literal(422)]),
  /** How long a snapshot takes for each type of asset. */
  snapshotAssetMs: millis,
  snapshotOutcome: z.enum(['completed', 'failed', 'assets-missing']),
  /** With 'assets-missing': the types that never appear although the load is called completed. */
  snapshotMissingAssets: z.array(z.string()),
  /** What a finished load is called: the values of the status are not published. */
  snapshotCompletedWord: z.enum(['completed', 'success', 'successful']),
  /** How a custom field of type DATE is kept that is written as a day; not published, and seen in both shapes. */
  dateFields: z.enum(['as-written', 'milliseconds']),
  /** A search filter on the phone was once reported to find nothing. */
  phoneFilter: z.enum(['finds', 'misses']),
  /** The shape of a range of dates in a search is not published: one that GHL does not know may count for nothing. */
  dateRanges: z.enum(['applied', 'ignored']),
  /** What becomes of the channels that a body of `dndSettings` leaves out; not published. */
  dndWrites: z.enum(['merge', 'replace']),
  /** Search documents were reported without `dndSettings`. */
  searchShowsDnd: z.boolean(),
  /** Which of the two published contracts the upsert of opportunities follows. */
  opportunityUpsert: z.enum(['both', 'by-contact', 'by-id']),
  /** Money events name their type and location; the published samples of invoices do not. */
  invoiceEnvelope: z.boolean(),
});

export type ResourceBehaviour = z.infer<typeof resourceBehaviourSchema>;

/** The behaviour of a new simulator: as integrators report it, and quick. */
export const defaultResourceBehaviour: ResourceBehaviour = {
  messageSentAfterMs: 500,
  messageSettledAfterMs: 1_000,
  messageOutcome: 'delivered',
  messageFailureRate: 0,
  carrierErrorCode: null,
  outboundEvents: 'each',
  optOutText: 'Reply STOP to unsubscribe.',
  smsDailyLimit: null,
  providerBlindMs: 5_000,
  providerBlindStatus: 403,
  unknownProvider: '500',
  stopEventOrder: 'message-first',
  messageList: 'nested',
  messageCreatedStatus: 201,
  locationInvalidStatus: 422,
  locationCreatedStatus: 201,
  conversationExistsStatus: 400,
  snapshotAssetMs: 1_000,
  snapshotOutcome: 'completed',
  snapshotMissingAssets: [],
  snapshotCompletedWord: 'completed',
  dateFields: 'as-written',
  phoneFilter: 'finds',
  dateRanges: 'applied',
  dndWrites: 'merge',
  searchShowsDnd: true,
  opportunityUpsert: 'both',
  invoiceEnvelope: true,
};
