/** What of a location is mirrored, by the word for one of it. */
export type MirroredResource =
  | 'contact'
  | 'conversation'
  | 'message'
  | 'opportunity'
  | 'appointment'
  | 'note'
  | 'task'
  | 'user'
  | 'custom-field'
  | 'pipeline'
  | 'transaction';

/** What brought a record here first. */
export type FoundBy = 'event' | 'poll' | 'backfill' | 'edit';

export type FieldValue = string | number | boolean | null | FieldValue[] | { [name: string]: FieldValue };
export type Fields = Record<string, FieldValue>;

/** A record of GHL as somebody saw it. */
export interface Observation {
  ghlId: string;
  /** Whose it is; null for what belongs to no contact. For a contact: its own id. */
  ghlContactId: string | null;
  fields: Fields;
  ghlCreatedAt: Date | null;
  /** GHL's own time of the last change; null where GHL tells none. */
  ghlUpdatedAt: Date | null;
  /** When GHL was asked, by our clock. */
  observedAt: Date;
  /** The record itself was read. A contact in a list has names in lower case, and the list lags by seconds. */
  isExact: boolean;
}

/** What is known of a record. */
export type Known = Pick<Observation, 'ghlContactId' | 'fields' | 'ghlUpdatedAt' | 'observedAt' | 'isExact'> & {
  isDeleted: boolean;
};

/**
 * Decides what a sight of a record is worth beside what is known of it. Nothing comes in order: events overtake each
 * other, lists lag, and pages of a long run are old when they are written. GHL's own time decides where it tells one,
 * else the time at which GHL was asked. A list cannot bring back what was found to be deleted: it may show the record
 * of a moment ago, so the record itself has to be read.
 */
export function judgeObservation(known: Known | undefined, seen: Observation): { write: boolean; reason: Judgement } {
  const reason = judge(known, seen);
  return { write: WRITTEN.has(reason), reason };
}

export type Judgement = 'new' | 'newer' | 'more-exact' | 'restored' | 'doubtful' | 'older' | 'same';

const WRITTEN: ReadonlySet<Judgement> = new Set<Judgement>(['new', 'newer', 'more-exact', 'restored']);

/** What is new to the mirror: leads and triggers hear of it. */
export const NEWS: ReadonlySet<Judgement> = new Set<Judgement>(['new', 'newer', 'restored']);

function judge(known: Known | undefined, seen: Observation): Judgement {
  if (!known) return 'new';
  const isLaterSight = seen.observedAt > known.observedAt;
  if (known.isDeleted) {
    if (!isLaterSight) return 'older';
    return seen.isExact ? 'restored' : 'doubtful';
  }
  const showsSame = isSameRecord(known, seen);
  if (known.ghlUpdatedAt === null || seen.ghlUpdatedAt === null) {
    if (!isLaterSight) return 'older';
    return showsSame ? 'same' : 'newer';
  }
  const laterByMs = seen.ghlUpdatedAt.getTime() - known.ghlUpdatedAt.getTime();
  if (laterByMs !== 0) return laterByMs > 0 ? 'newer' : 'older';
  if (seen.isExact && !known.isExact) return 'more-exact';
  // One moment of GHL's clock can hold two changes: the later sight of the record itself is right.
  return seen.isExact && isLaterSight && !showsSame ? 'newer' : 'same';
}

/**
 * Whether a sight shows the record as it is known: the same fields, of the same contact. A merge gives a record to another
 * contact, and of a message or a conversation nothing else changes then. Where GHL leaves the contact out, that says nothing.
 */
export function isSameRecord(
  known: Pick<Known, 'ghlContactId' | 'fields'>,
  seen: Pick<Observation, 'ghlContactId' | 'fields'>,
): boolean {
  const isSameContact = seen.ghlContactId === null || seen.ghlContactId === known.ghlContactId;
  return isSameContact && isDeepEqual(known.fields, seen.fields);
}

/**
 * What to believe of a contact that a list shows newer than it is known: all the list says, in the spelling that is
 * known where only that can differ, and what lists leave out as it was. It stays to be read.
 */
export function mergeListedContact(known: Fields | undefined, listed: Fields): Fields {
  if (!known) return listed;
  const merged: Fields = { ...listed };
  for (const name of NAMES) {
    const spelt = known[name];
    if (typeof spelt === 'string' && spelt.toLowerCase() === listed[name]) merged[name] = spelt;
  }
  for (const name of LEFT_OUT) {
    const own = known[name];
    if (!(name in listed) && own !== undefined) merged[name] = own;
  }
  return merged;
}

const NAMES = ['firstName', 'lastName'];
const LEFT_OUT = ['dndSettings', 'inboundDndSettings', 'additionalEmails', 'additionalPhones'];

/**
 * Brings fields into the one form in which they are compared: nothing that is empty, tags and custom fields in order,
 * and no NUL, which Postgres cannot store in JSON.
 */
export function canonicalFields(fields: Record<string, unknown>): Fields {
  const canonical: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    const kept = canonicalValue(value);
    if (!isEmpty(kept)) canonical[name] = kept;
  }
  return canonical;
}

function canonicalValue(value: unknown): FieldValue {
  if (typeof value === 'string') return value.replaceAll('\u0000', '');
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(canonicalValue);
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value).map(([key, each]) => [key, canonicalValue(each)] as const);
  return Object.fromEntries(entries.filter(([, each]) => each !== null));
}

const isEmpty = (value: FieldValue): boolean =>
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);

/** Whether two values are the same, in whatever order their names stand. */
export function isDeepEqual(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((each, index) => isDeepEqual(each, b[index]));
  }
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isDeepEqual(a[name], b[name]));
}
