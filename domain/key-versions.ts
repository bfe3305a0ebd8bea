/** What the database remembers of an encryption key version. */
export interface KeyVersion {
  version: number;
  firstSealedAt: Date;
  /** When a process last said that it seals with it. */
  lastSealedAt: Date;
  retiredAt: Date | null;
}

/** Every process says so often which version it seals with. */
export const SEALING_REPORT_MS = 60_000;
/** A version that no process has named for so long is not used any more: two reports may be lost. */
const SILENT_AFTER_MS = 3 * SEALING_REPORT_MS;

/** Whether some process must be taken to seal with the version still. */
export const isStillSealing = ({ lastSealedAt }: Pick<KeyVersion, 'lastSealedAt'>, now: Date): boolean =>
  now.getTime() - lastSealedAt.getTime() < SILENT_AFTER_MS;

/** From then on, nothing new was sealed with the version. */
export const stoppedSealingAt = ({ lastSealedAt }: Pick<KeyVersion, 'lastSealedAt'>): Date =>
  new Date(lastSealedAt.getTime() + SILENT_AFTER_MS);

interface KeyRingProblem {
  /**
   * `unknown-version`: others have sealed with a version that this ring does not open. `seals-retired`: this ring seals
   * with a version whose key others may have given away.
   */
  reason: 'unknown-version' | 'seals-retired';
  version: number;
}

/** What is wrong with a process's keys, given what all processes have sealed with. */
export function judgeKeyRing(
  ring: { currentVersion: number; versions: readonly number[] },
  known: readonly KeyVersion[],
): KeyRingProblem[] {
  return known.flatMap(({ version, retiredAt }): KeyRingProblem[] => {
    if (retiredAt !== null) return version === ring.currentVersion ? [{ reason: 'seals-retired', version }] : [];
    return ring.versions.includes(version) ? [] : [{ reason: 'unknown-version', version }];
  });
}

interface RotationRefusal {
  reason: 'seals-older';
  version: number;
}

/** Rotation takes rows to the version that all seal with; with an older ring it would take them back again and again. */
export function decideRotation(
  ring: { currentVersion: number },
  known: readonly KeyVersion[],
  now: Date,
): RotationRefusal | { reason: 'ok' } {
  const newer = known.find((each) => each.version > ring.currentVersion && isStillSealing(each, now));
  return newer ? { reason: 'seals-older', version: newer.version } : { reason: 'ok' };
}
