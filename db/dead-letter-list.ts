import { type Selectable, type SelectQueryBuilder, sql, type Transaction } from 'kysely';
import { type DeadLetterHead, type DeadLetterState, DISCARDED } from '../domain/dead-letter.ts';
import type { Database } from './schema.ts';
import type { DeadLetterTable } from './schema/leads.ts';

export type DeadLetter = Selectable<DeadLetterTable>;

/** Which letters of the scope; what is left out does not matter. */
export interface DeadLetterFilter {
  capability?: string | undefined;
  /** How the cause begins. */
  cause?: string | undefined;
  locationId?: string | undefined;
  /** The id of what it is about. */
  subjectId?: string | undefined;
  state?: DeadLetterState | undefined;
  /** Only letters that were there before this time. */
  before?: Date | undefined;
}

type Letters<Columns> = SelectQueryBuilder<Database, 'dead_letters', Columns>;

function narrow<Columns>(query: Letters<Columns>, filter: DeadLetterFilter): Letters<Columns> {
  let narrowed = query;
  if (filter.capability !== undefined) narrowed = narrowed.where('capability', '=', filter.capability);
  if (filter.cause !== undefined) narrowed = narrowed.where(sql<boolean>`starts_with(cause, ${filter.cause})`);
  if (filter.locationId !== undefined) narrowed = narrowed.where('location_id', '=', filter.locationId);
  if (filter.subjectId !== undefined) narrowed = narrowed.where('subject_id', '=', filter.subjectId);
  if (filter.before !== undefined) narrowed = narrowed.where('created_at', '<', filter.before);
  switch (filter.state) {
    case 'open':
      return narrowed.where('resolved_at', 'is', null);
    case 'resolved':
      return narrowed.where('resolved_at', 'is not', null).where('resolution', 'is distinct from', DISCARDED);
    case 'discarded':
      return narrowed.where('resolution', '=', DISCARDED);
    case undefined:
      return narrowed;
  }
}

/**
 * The letters of the scope, the newest first, a page at a time. The operators role sees those of no agency that is known.
 * @param page.after the id of the last letter of the page before: ids grow with time
 */
export async function listDeadLetters(
  tx: Transaction<Database>,
  filter: DeadLetterFilter,
  page: { after?: string | undefined; limit: number },
): Promise<DeadLetter[]> {
  let query = narrow(tx.selectFrom('dead_letters').selectAll(), filter);
  if (page.after !== undefined) query = query.where('id', '<', page.after);
  return query.orderBy('id', 'desc').limit(page.limit).execute();
}

/** A letter of the scope; undefined when there is none such. */
export async function findDeadLetter(tx: Transaction<Database>, id: string): Promise<DeadLetter | undefined> {
  return tx.selectFrom('dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The same, held until the transaction ends: of two who act on it at once the second sees what the first did. */
export async function lockDeadLetter(tx: Transaction<Database>, id: string): Promise<DeadLetter | undefined> {
  return tx.selectFrom('dead_letters').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

type OpenFilter = Omit<DeadLetterFilter, 'state'>;

/** The open letters of the scope that fit and begin so, the oldest first. @param page.after the letter after which it goes on */
export async function listOpenLetterIds(
  tx: Transaction<Database>,
  filter: OpenFilter,
  page: { heads: readonly DeadLetterHead[]; after?: string | undefined; limit: number },
): Promise<string[]> {
  const query = narrowOpen(tx.selectFrom('dead_letters').select('id'), filter, page);
  return (await query.orderBy('id').limit(page.limit).execute()).map(({ id }) => id);
}

/** How many those are. */
export async function countOpenLettersAfter(
  tx: Transaction<Database>,
  filter: OpenFilter,
  { without, ...page }: { heads: readonly DeadLetterHead[]; after: string; without: readonly string[] },
): Promise<number> {
  const query = tx
    .selectFrom('dead_letters')
    .select(sql<number>`count(*)::int`.as('letters'))
    .where(sql<boolean>`id <> all(${without}::uuid[])`);
  return (await narrowOpen(query, filter, page).executeTakeFirstOrThrow()).letters;
}

function narrowOpen<Columns>(
  query: Letters<Columns>,
  filter: OpenFilter,
  { heads, after }: { heads: readonly DeadLetterHead[]; after?: string | undefined },
): Letters<Columns> {
  const open = narrow(query, { ...filter, state: 'open' }).where(sql<string>`split_part(cause, ':', 1)`, 'in', heads);
  return after === undefined ? open : open.where('id', '>', after);
}

/** Letters of one capability that have the same cause, whatever they are about. */
export interface DeadLetterGroup {
  capability: string;
  /** Without the id at its end that some causes have. */
  cause: string;
  subjectKind: string;
  letters: number;
  oldestAt: Date;
  newestAt: Date;
}

/** The letters of the scope by capability and cause, the largest group first. */
export async function groupDeadLetters(
  tx: Transaction<Database>,
  filter: DeadLetterFilter,
): Promise<DeadLetterGroup[]> {
  const cause = sql<string>`regexp_replace(cause, ':[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', '')`;
  const query = tx
    .selectFrom('dead_letters')
    .select((of) => [
      'capability',
      cause.as('cause'),
      'subject_kind as subjectKind',
      sql<number>`count(*)::int`.as('letters'),
      of.fn.min('created_at').as('oldestAt'),
      of.fn.max('created_at').as('newestAt'),
    ]);
  return narrow(query, filter)
    .groupBy(['capability', cause, 'subject_kind'])
    .orderBy('letters', 'desc')
    .orderBy('capability')
    .orderBy(cause)
    .execute();
}

/** How many letters of all agencies are open, by capability. Needs the upkeep role. */
export async function countOpenLetters(tx: Transaction<Database>): Promise<Record<string, number>> {
  const found = await tx
    .selectFrom('dead_letters')
    .select(['capability', sql<number>`count(*)::int`.as('letters')])
    .where('resolved_at', 'is', null)
    .groupBy('capability')
    .execute();
  return Object.fromEntries(found.map((row) => [row.capability, row.letters]));
}

/** Open letters of one agency and capability. */
export interface OpenLetters {
  /** Null where no agency is known. */
  agencyId: string | null;
  capability: string;
  letters: number;
  oldestAt: Date;
}

/** Whose letters are open, those that wait longest first. Needs the upkeep role. */
export async function listOpenLettersByAgency(tx: Transaction<Database>): Promise<OpenLetters[]> {
  return tx
    .selectFrom('dead_letters')
    .select((of) => [
      'agency_id as agencyId',
      'capability',
      sql<number>`count(*)::int`.as('letters'),
      of.fn.min('created_at').as('oldestAt'),
    ])
    .where('resolved_at', 'is', null)
    .groupBy(['agency_id', 'capability'])
    .orderBy(sql`min(created_at)`)
    .execute();
}
