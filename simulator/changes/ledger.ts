/** What can happen in a live account. */
export const changeKinds = [
  'create',
  'update',
  'tag',
  'dnd',
  'note',
  'message',
  'opportunity',
  'appointment',
  'merge',
  'delete',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One change that was made; of a merge the contact is the survivor and the subject the loser. */
export interface Change {
  number: number;
  at: string;
  kind: ChangeKind;
  contactId: string;
  /** The note, message, opportunity, appointment or second contact that it is about. */
  subjectId?: string | undefined;
}

/** What a webhook tells of. */
export interface WebhookSubject {
  locationId: string | null;
  contactId: string | null;
  /** The record that it is about, of a contact its own id; null for what is no record of a location. */
  recordId: string | null;
}

/** A webhook that was made since the first change, as it left the emitter; times are the simulator's, in milliseconds. */
export interface SentWebhook extends WebhookSubject {
  webhookId: string;
  type: string;
  atMs: number;
  /** When each copy is due; none where it was dropped. */
  dueMs: number[];
}

/** What became of a webhook before any receiver had a say. */
export interface WebhookFate extends WebhookSubject {
  webhookId: string;
  type: string;
  /** When it happened. */
  at: string;
  /** The change that it tells of; null for what came later by itself, such as the fate of a message. */
  change: number | null;
  dropped: boolean;
  doubled: boolean;
  /** One that was made later is delivered earlier. */
  reordered: boolean;
}

/** What can be taken away, by the words of webhooks and paths. */
export type RemovedKind = 'contact' | 'note' | 'task' | 'opportunity' | 'appointment' | 'conversation' | 'message';

/** A record that is no more. An id never comes back. */
export interface Removal {
  kind: RemovedKind;
  id: string;
  at: string;
}

export interface ChangeReport {
  running: boolean;
  counts: Partial<Record<ChangeKind, number>>;
  /** The last ones of each, in their order. */
  changes: Change[];
  webhooks: WebhookFate[];
  removed: Removal[];
}

const kept = 200_000;

/** The book of the changes that were made, and of the webhooks since the first of them. */
export interface ChangeLedger {
  /** The number of the next change; webhooks sent from now on are its own until `close`. */
  open(): number;
  close(change: Change | undefined): void;
  noteWebhook(sent: SentWebhook): void;
  /** From the first change on, whoever takes a record away: a person, an app, or the end of what it hung on. */
  noteRemoved(kind: RemovedKind, ids: Iterable<string>, at: Date): void;
  report(): ChangeReport;
  /** The same without naming each: a long run is looked at often. */
  counts(): Pick<ChangeReport, 'running' | 'counts'>;
  /** Names what ends a run that is under way; undefined when it has ended. */
  setStop(stop: (() => void) | undefined): void;
  stop(): void;
  /** Forgets all that is written in it. */
  reset(): void;
}

/** Makes an empty ledger. */
export function createChangeLedger(): ChangeLedger {
  let made = 0;
  let current: number | null = null;
  let changes: Change[] = [];
  let webhooks: (SentWebhook & { change: number | null })[] = [];
  let removed: Removal[] = [];
  let counts: ChangeReport['counts'] = {};
  let end: (() => void) | undefined;
  return {
    open() {
      current = made + 1;
      return current;
    },
    close(change) {
      current = null;
      if (!change) return;
      made = change.number;
      counts[change.kind] = (counts[change.kind] ?? 0) + 1;
      changes.push(change);
      if (changes.length > kept * 2) changes = changes.slice(-kept);
    },
    noteWebhook(sent) {
      if (made === 0 && current === null) return;
      webhooks.push({ ...sent, change: current });
      if (webhooks.length > kept * 2) webhooks = webhooks.slice(-kept);
    },
    counts: () => ({ running: end !== undefined, counts }),
    noteRemoved(kind, ids, at) {
      if (made === 0 && current === null) return;
      for (const id of ids) removed.push({ kind, id, at: at.toISOString() });
      if (removed.length > kept * 2) removed = removed.slice(-kept);
    },
    report: () => ({
      running: end !== undefined,
      counts,
      changes: changes.slice(-kept),
      webhooks: judge(webhooks),
      removed: removed.slice(-kept),
    }),
    setStop(stop) {
      end = stop;
    },
    stop() {
      end?.();
      end = undefined;
    },
    reset() {
      [made, changes, webhooks, removed, counts] = [0, [], [], [], {}];
    },
  };
}

function judge(webhooks: (SentWebhook & { change: number | null })[]): WebhookFate[] {
  let earliestLaterMs = Infinity;
  const fates: WebhookFate[] = [];
  for (const { dueMs, atMs, ...webhook } of webhooks.toReversed()) {
    const firstMs = Math.min(...dueMs);
    fates.push({
      ...webhook,
      at: new Date(atMs).toISOString(),
      dropped: dueMs.length === 0,
      doubled: dueMs.length > 1,
      reordered: dueMs.length > 0 && firstMs > earliestLaterMs,
    });
    earliestLaterMs = Math.min(earliestLaterMs, firstMs);
  }
  return fates.reverse();
}
