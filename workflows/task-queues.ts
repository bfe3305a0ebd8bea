/** Queues by urgency, so that a bulk run never makes a lead wait. */
export type LaneQueue = 'interactive' | 'sync' | 'bulk';

/** The activity-only queue of what goes out to mail servers: one that hangs takes no slot from GHL's calls. */
export const NOTICE_QUEUE = 'notices';

/** The activity-only queue of what goes out to endpoints: they are others' machines, and many, so that some always hang. */
export const WEBHOOK_QUEUE = 'webhooks';

/** The activity-only queue of a lane's GHL calls: never eager, and without a workflow bundle in its worker. */
export const ghlQueueOf = (lane: LaneQueue): string => `ghl-${lane}`;
