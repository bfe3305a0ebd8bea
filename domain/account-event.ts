/**
 * One event of GHL that an account's workflow follows: about the account itself (INSTALL, UNINSTALL, User*), or one that
 * does not tell enough. It names the stored row, never its content.
 */
export interface AccountEvent {
  eventRowId: string;
  /** ISO 8601; it names the row's partition. */
  eventReceivedAt: string;
  /** The contact or opportunity must be read from GHL before the event can be judged. */
  needsReread?: boolean | undefined;
}

/** When an event happened, and whether GHL told it: the order of events that do not tell is not known. */
export interface Occurrence {
  at: Date;
  isTold: boolean;
}

/**
 * When an event happened in GHL: events come late and in any order.
 * @param timestamp what GHL wrote, ISO 8601 or milliseconds as text; without a plausible one the time of receipt counts
 */
export function whenItHappened(timestamp: string | null, event: AccountEvent): Occurrence {
  const receivedAt = new Date(event.eventReceivedAt);
  if (timestamp === null) return { at: receivedAt, isTold: false };
  const saidAt = new Date(/^\d{12,14}$/.test(timestamp) ? Number(timestamp) : timestamp);
  const isTold = saidAt.getUTCFullYear() >= 2000;
  // A clock that runs ahead must not make an event newer than it can be.
  return { at: isTold && saidAt < receivedAt ? saidAt : receivedAt, isTold };
}

/**
 * Decides whether news of a user counts: what is older than the last of its kind does not.
 * @param lastAt when the last of its kind happened; null where there was none
 */
export const isStale = (lastAt: Date | null, { at }: Occurrence): boolean => lastAt !== null && at < lastAt;

/**
 * Decides whether a UserCreate brings a removed rep back. A rep who is gone takes no leads, so where the order cannot be
 * told the removal stands.
 * @param removedAt when GHL removed the user; null where nobody knows
 */
export function decideReturn(removedAt: Date | null, created: Occurrence): { returns: boolean; reason: ReturnReason } {
  if (removedAt === null) return { returns: true, reason: 'created-since' };
  if (isStale(removedAt, created)) return { returns: false, reason: 'created-before' };
  const isOrderKnown = created.isTold && created.at > removedAt;
  return { returns: isOrderKnown, reason: isOrderKnown ? 'created-since' : 'order-unknown' };
}

type ReturnReason = 'created-since' | 'created-before' | 'order-unknown';

/**
 * Decides whether an UNINSTALL ends an installation.
 * @param installedAt null where the app is not installed
 */
export function decideUninstall(
  installedAt: Date | null,
  occurredAt: Date,
): { ends: boolean; reason: UninstallReason } {
  if (installedAt === null) return { ends: false, reason: 'not-installed' };
  if (installedAt > occurredAt) return { ends: false, reason: 'installed-since' };
  return { ends: true, reason: 'uninstalled' };
}

type UninstallReason = 'uninstalled' | 'not-installed' | 'installed-since';
