interface WindowOptions {
  windowMs: number;
  minimumCalls: number;
  errorPercent: number;
}

/** How the last calls of an endpoint group ended. */
export interface CallWindow {
  /**
   * Notes the end of a call.
   * @returns whether too many of the calls that ended within the window have failed
   */
  note(hasFailed: boolean, nowMs: number): boolean;
  /** Forgets them: a group that works again begins anew. */
  clear(): void;
}

/**
 * Counts calls by when they ended, not by when they began: an export may take three times as long as the window before
 * it fails, and counted by its beginning it would have left the window by then, so that a group that hangs never opened.
 */
export function createCallWindow({ windowMs, minimumCalls, errorPercent }: WindowOptions): CallWindow {
  let ends: { atMs: number; hasFailed: boolean }[] = [];
  return {
    note(hasFailed, nowMs) {
      ends = ends.filter(({ atMs }) => nowMs - atMs < windowMs);
      ends.push({ atMs: nowMs, hasFailed });
      const failed = ends.filter((end) => end.hasFailed).length;
      return ends.length >= minimumCalls && failed * 100 >= ends.length * errorPercent;
    },
    clear() {
      ends = [];
    },
  };
}
