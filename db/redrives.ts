import { type Kysely, sql, type Transaction } from 'kysely';
import { judgeRedrive, REDRIVABLE_HEADS, REDRIVEN, headOf } from '../domain/dead-letter.ts';
import {
  explainRefusal,
  markSettledAlong,
  type RedriveResult,
  type RedriveSummary,
  summariseRedrives,
} from '../domain/redrive-report.ts';
import { audit } from './audit-log.ts';
import type { LetterAct } from './dead-letter-discard.ts';
import {
  countOpenLettersAfter,
  type DeadLetter,
  type DeadLetterFilter,
  groupDeadLetters,
  listOpenLetterIds,
  lockDeadLetter,
} from './dead-letter-list.ts';
import { type OwnedLetter, REDRIVE_WAYS } from './redrive-ways.ts';
import type { Database } from './schema.ts';
import { type Scope, withScope } from './scope.ts';

/** How many letters one redrive by filter takes at most. */
export const REDRIVES_AT_ONCE = 500;

/** What a redrive by filter did, or would do. */
export interface RedriveReport {
  isDryRun: boolean;
  groups: RedriveSummary[];
  /** Letters that can be redriven and were left for the next time. */
  remaining: number;
  /** After which letter the next time goes on; null when none remains. */
  nextCursor: string | null;
}

/**
 * Sets the work of one letter going again and settles the letter, in one transaction; what fails again comes back as a new
 * letter. Repeatable: of two at once one does it.
 * @param options.isDryRun does all of it and takes it back, so that the answer is what would happen
 * @returns undefined when the scope has no such letter
 */
export async function redriveDeadLetter(
  db: Kysely<Database>,
  scope: Scope,
  id: string,
  options: { act: LetterAct; isDryRun: boolean },
): Promise<RedriveResult | undefined> {
  const tried: { result?: RedriveResult | undefined } = {};
  try {
    await withScope(db, scope, async (tx) => {
      tried.result = await redrive(tx, id, options.act);
      if (options.isDryRun || tried.result?.outcome === 'refused') throw new TakenBackError();
    });
  } catch (error) {
    if (!(error instanceof TakenBackError)) throw error;
  }
  return tried.result;
}

/** Ends a transaction whose work is not to stand. */
class TakenBackError extends Error {}

async function redrive(tx: Transaction<Database>, id: string, act: LetterAct): Promise<RedriveResult | undefined> {
  const letter = await lockDeadLetter(tx, id);
  if (!letter) return undefined;
  const { capability, cause, resolved_at: resolvedAt, resolution } = letter;
  const of = { id, capability, cause };
  if (resolvedAt !== null) return { ...of, outcome: resolution === REDRIVEN ? 'already-redriven' : 'not-open' };
  const subject = { kind: letter.subject_kind, id: letter.subject_id };
  const judged = judgeRedrive({ agencyId: letter.agency_id, cause, subject });
  if (!judged.isRedrivable || !isOwned(letter))
    return { ...of, outcome: 'refused', why: judged.isRedrivable ? 'no-agency' : judged.why, reason: judged.reason };
  const { way, reason } = judged;
  const related = await listRelatedLetters(tx, letter);
  const done = await REDRIVE_WAYS[way](tx, letter, act);
  if (done !== 'done') return { ...of, outcome: 'refused', why: done, reason: explainRefusal(done) };
  // What GHL says of the fields settles it, or leaves it open.
  if (way !== 'check-fields') await resolve(tx, id, act.now);
  await audit(tx, {
    agencyId: letter.agency_id,
    actor: act.actor,
    origin: act.origin,
    action: 'dead-letter.redrive',
    subject: `dead-letter:${id}`,
    after: { capability, cause, way, about: `${subject.kind}:${subject.id}` },
  });
  return { ...of, outcome: 'redriven', way, reason, alsoSettles: await listSettled(tx, related) };
}

const isOwned = (letter: DeadLetter): letter is OwnedLetter => letter.agency_id !== null;

/** The other open letters about the same thing or the same workflow: what settles one of them may settle others. */
async function listRelatedLetters(tx: Transaction<Database>, letter: DeadLetter): Promise<string[]> {
  const found = await tx
    .selectFrom('dead_letters')
    .select('id')
    .where('resolved_at', 'is', null)
    .where('id', '<>', letter.id)
    .where((where) =>
      where.or([
        where('subject_id', '=', letter.subject_id),
        ...(letter.workflow_id === null ? [] : [where('workflow_id', '=', letter.workflow_id)]),
      ]),
    )
    .execute();
  return found.map(({ id }) => id);
}

/** Which of these letters are not open any more. */
async function listSettled(tx: Transaction<Database>, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const settled = tx
    .selectFrom('dead_letters')
    .select('id')
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .where('resolved_at', 'is not', null);
  return (await settled.orderBy('id').execute()).map(({ id }) => id);
}

async function resolve(tx: Transaction<Database>, id: string, now: Date): Promise<void> {
  await tx
    .updateTable('dead_letters')
    .set({ resolved_at: now, resolution: REDRIVEN })
    .where('id', '=', id)
    .where('resolved_at', 'is', null)
    .execute();
}

/**
 * Sets the work of all open letters of the scope that fit going again, the oldest first and so many at most, each by itself.
 * The inbox hands over what needs Temporal, in turn with everything else.
 * @param page.after the letter after which it goes on: those that cannot be redriven now keep none behind them back
 */
export async function redriveByFilter(
  db: Kysely<Database>,
  scope: Scope,
  filter: Omit<DeadLetterFilter, 'state'>,
  { page, ...options }: { act: LetterAct; isDryRun: boolean; page: { after?: string | undefined; limit: number } },
): Promise<RedriveReport> {
  const { open, ids } = await withScope(db, scope, async (tx) => ({
    open: await groupDeadLetters(tx, { ...filter, state: 'open' }),
    // One more than is taken tells whether any remains.
    ids: await listOpenLetterIds(tx, filter, { heads: REDRIVABLE_HEADS, after: page.after, limit: page.limit + 1 }),
  }));
  const taken = ids.slice(0, page.limit);
  const results: RedriveResult[] = [];
  for (const id of taken) {
    const result = await redriveDeadLetter(db, scope, id, options);
    if (result) results.push(result);
  }
  const marked = markSettledAlong(results);
  const along = marked.flatMap((result) => (result.outcome === 'redriven' ? result.alsoSettles : []));
  const nextCursor = ids.length > taken.length ? (taken.at(-1) ?? null) : null;
  return {
    isDryRun: options.isDryRun,
    groups: [...summariseRedrives(marked), ...open.flatMap(explainGroup)],
    remaining: await countRemaining(db, scope, filter, { after: nextCursor, without: along }),
    nextCursor,
  };
}

async function countRemaining(
  db: Kysely<Database>,
  scope: Scope,
  filter: Omit<DeadLetterFilter, 'state'>,
  { after, without }: { after: string | null; without: string[] },
): Promise<number> {
  if (after === null) return 0;
  return withScope(db, scope, (tx) => countOpenLettersAfter(tx, filter, { heads: REDRIVABLE_HEADS, after, without }));
}

/** Groups none of whose letters can be redriven: nobody tries those one by one. */
function explainGroup(group: Awaited<ReturnType<typeof groupDeadLetters>>[number]): RedriveSummary[] {
  const { capability, cause, subjectKind, letters } = group;
  const head = headOf(cause);
  if (head !== undefined && REDRIVABLE_HEADS.includes(head)) return [];
  const judged = judgeRedrive({ agencyId: 'any', cause, subject: { kind: subjectKind, id: '' } });
  if (judged.isRedrivable) return [];
  return [{ capability, cause, outcome: 'refused', code: judged.why, reason: judged.reason, letters, alsoSettles: 0 }];
}
