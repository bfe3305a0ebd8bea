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

/**
 * When an event happened in GHL: events come late and in any order.
 * @param timestamp what GHL wrote, ISO 8601 or milliseconds as text; without a plausible one the time of receipt counts
 */
export function whenItHappened(timestamp: string | null, event: AccountEvent): Date {
  const receivedAt = new Date(event.eventReceivedAt);
  if (timestamp === null) return receivedAt;
  const saidAt = new Date(/^\d{12,14}$/.test(timestamp) ? Number(timestamp) : timestamp);
  // A clock that runs ahead must not make an event newer than it can be.
  return saidAt.getUTCFullYear() >= 2000 && saidAt < receivedAt ? saidAt : receivedAt;
}

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
