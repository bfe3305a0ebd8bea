import type { Transaction } from 'kysely';
import { DISCARDED, stateOfLetter } from '../domain/dead-letter.ts';
import { audit, PLATFORM } from './audit-log.ts';
import { lockDeadLetter } from './dead-letter-list.ts';
import type { Database } from './schema.ts';

/** Who acts on a letter. */
export interface LetterAct {
  actor: string;
  origin: 'api' | 'cli';
  now: Date;
}

export type DiscardOutcome = 'discarded' | 'already-discarded' | 'not-open' | 'unknown';

/**
 * Puts an open letter away for good: nothing is done about it, and the same failure told once more does not bring it back;
 * a new one does. The reason stands with the letter and nowhere else. Repeatable: the first reason stands. One of no agency
 * that is known needs the operators role.
 */
export async function discardDeadLetter(
  tx: Transaction<Database>,
  id: string,
  reason: string,
  { actor, origin, now }: LetterAct,
): Promise<DiscardOutcome> {
  const letter = await lockDeadLetter(tx, id);
  if (!letter) return 'unknown';
  const state = stateOfLetter(letter);
  if (state !== 'open') return state === 'discarded' ? 'already-discarded' : 'not-open';
  await tx
    .updateTable('dead_letters')
    .set({ resolved_at: now, resolution: DISCARDED, discard_reason: reason })
    .where('id', '=', id)
    .execute();
  const { capability, cause, subject_kind: kind, subject_id: subjectId } = letter;
  const after = { capability, cause, about: `${kind}:${subjectId}` };
  const what = { action: 'dead-letter.discard', subject: `dead-letter:${id}`, after };
  await audit(tx, { agencyId: letter.agency_id ?? PLATFORM, actor, origin, ...what });
  return 'discarded';
}
