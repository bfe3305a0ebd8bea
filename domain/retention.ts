/** Tables whose months may be dropped. What must be unique for ever stands in key tables and stays. */
export const MONTHLY = ['events', 'decisions', 'lead_timeline', 'audit_log'] as const;
export type MonthlyTable = (typeof MONTHLY)[number];

/** Rows that go, or lose what is personal in them, after their days. */
export const TRIMS = [
  'event-bodies',
  'inbox',
  'refused-deliveries',
  'refused-counts',
  'connect-links',
  'credential-rotations',
  'operator-credentials',
  'contact-edits',
  'contact-merges',
  'webhook-gaps',
  'drift-reports',
  'budgets',
  'dead-letters',
  'discard-reasons',
  'notice-deliveries',
] as const;
export type TrimKind = (typeof TRIMS)[number];

/** What a process that died has left half-way, and nothing else ends. */
export const STALE = ['token-leases', 'connect-exchanges', 'credential-trials', 'webhook-secrets'] as const;
export type StaleKind = (typeof STALE)[number];

/** For how long what is kept; null for ever. */
export interface Retention {
  /** Whole months besides the present one. */
  months: Record<MonthlyTable, number | null>;
  days: Record<TrimKind, number | null>;
}

/** Nobody misses what goes by these; decision 21 has the reasons. */
export const DEFAULT_RETENTION: Retention = {
  months: { events: 13, decisions: 25, lead_timeline: 25, audit_log: null },
  days: {
    'event-bodies': 30,
    inbox: 90,
    'refused-deliveries': 30,
    'refused-counts': 400,
    'connect-links': 90,
    'credential-rotations': 90,
    'operator-credentials': 90,
    'contact-edits': 365,
    'contact-merges': 365,
    'webhook-gaps': 90,
    'drift-reports': 90,
    budgets: 90,
    'dead-letters': 365,
    'discard-reasons': 365,
    'notice-deliveries': 90,
  },
};

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/**
 * After how many seconds something half-way is stale: long after the workflow that does it has given up. A lease of a
 * refresh is taken for seconds and does not hold once it is over: what is cleared here is only its trace.
 */
export const STALE_AFTER_SECONDS: Record<StaleKind, number> = {
  'token-leases': HOUR_SECONDS,
  'connect-exchanges': 7 * DAY_SECONDS,
  'credential-trials': 7 * DAY_SECONDS,
  // A secret that was replaced signs no more once its overlap is over.
  'webhook-secrets': HOUR_SECONDS,
};

/** What is trimmed by these settings, and after how many seconds. */
export function listTrims(days: Retention['days']): { kind: TrimKind; seconds: number }[] {
  return TRIMS.flatMap((kind) => {
    const kept = days[kind];
    return kept === null ? [] : [{ kind, seconds: kept * DAY_SECONDS }];
  });
}

/** How many monthly partitions are made: the present month's and eleven ahead, while which upkeep may stand still. */
export const MONTHS_AHEAD = 12;

/** The database refuses to drop younger months, whatever is set. */
const FEWEST_MONTHS = 3;
/** Not below what closes stale things, so that a row is never forgotten while its work is half-way. */
const FEWEST_DAYS = 7;
const SHORTEST_MONTH_DAYS = 28;

export type MonthReason = 'kept-for-ever' | 'young' | 'over';

/**
 * Whether a month of a table is to be dropped.
 * @param month its first day, `2026-11-01`
 * @param keepMonths whole months that are kept besides the present one; null for all
 */
export function judgeMonth(
  month: string,
  keepMonths: number | null,
  now: Date,
): { isOver: boolean; reason: MonthReason } {
  if (keepMonths === null) return { isOver: false, reason: 'kept-for-ever' };
  const [year = 0, number = 0] = month.split('-').map(Number);
  const age = now.getUTCFullYear() * 12 + now.getUTCMonth() + 1 - (year * 12 + number);
  return age > keepMonths ? { isOver: true, reason: 'over' } : { isOver: false, reason: 'young' };
}

/** How many months ahead of the present one there are without a gap. @param months first days */
export function countMonthsAhead(months: readonly string[], now: Date): number {
  const known = new Set(months.map((month) => month.slice(0, 7)));
  for (let ahead = 0; ; ahead += 1) {
    const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + 1, 1));
    if (!known.has(next.toISOString().slice(0, 7))) return ahead;
  }
}

/** Settings are wrong; the message names what, never a value. */
export class RetentionError extends Error {
  readonly code = 'Retention';
  override readonly name = 'RetentionError';
}

function parse<Name extends string>(
  text: string,
  defaults: Record<Name, number | null>,
  { fewest, unit }: { fewest: number; unit: string },
): Record<Name, number | null> {
  const kept = { ...defaults };
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [name = '', value = ''] = entry.split('=').map((part) => part.trim());
    if (!Object.hasOwn(defaults, name)) {
      throw new RetentionError(`takes <name>=<${unit}>, with names of: ${Object.keys(defaults).join(', ')}`);
    }
    if (value !== 'never' && (!/^\d{1,4}$/.test(value) || Number(value) < fewest)) {
      throw new RetentionError(`${name} takes ${unit}, ${fewest} at least, or never`);
    }
    kept[name as Name] = value === 'never' ? null : Number(value);
  }
  return kept;
}

/** Reads `events=13,audit_log=never`; what is not named is as usual. @throws RetentionError */
export const parseRetentionMonths = (text: string): Retention['months'] =>
  parse(text, DEFAULT_RETENTION.months, { fewest: FEWEST_MONTHS, unit: 'months' });

/** Reads `event-bodies=14,inbox=never`; what is not named is as usual. @throws RetentionError */
export const parseRetentionDays = (text: string): Retention['days'] =>
  parse(text, DEFAULT_RETENTION.days, { fewest: FEWEST_DAYS, unit: 'days' });

/** Whether events would be dropped with bodies that are to be kept: a body never outlives its event. */
export function dropsBodies({ months, days }: Retention): boolean {
  if (months.events === null) return false;
  const bodies = days['event-bodies'];
  return bodies === null || months.events * SHORTEST_MONTH_DAYS < bodies;
}
