const MS_PER_MINUTE = 60_000;
/** Longer than any local day, so that this far back is always an earlier date. */
const LONGEST_DAY_MINUTES = 27 * 60;

/** Making a formatter costs far more than using it; there is one per time zone, so this stays small. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * The first instant of the local calendar day that contains `now`, for caps that count per day.
 * Usually midnight; the end of the gap where clocks skip midnight.
 * @param timeZone IANA name
 * @throws RangeError for an unknown time zone
 */
export function startOfLocalDay(now: Date, timeZone: string): Date {
  const today = localDate(now.getTime(), timeZone);
  // Offsets change on whole minutes only, so the boundary is searched among those.
  let inside = Math.floor(now.getTime() / MS_PER_MINUTE);
  let before = inside - LONGEST_DAY_MINUTES;
  while (inside - before > 1) {
    const middle = Math.floor((inside + before) / 2);
    if (localDate(middle * MS_PER_MINUTE, timeZone) === today) inside = middle;
    else before = middle;
  }
  return new Date(inside * MS_PER_MINUTE);
}

function localDate(timeMs: number, timeZone: string): string {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short', calendar: 'gregory' });
    formatters.set(timeZone, formatter);
  }
  return formatter.format(timeMs);
}
