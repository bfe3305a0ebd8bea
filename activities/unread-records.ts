import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { addDeadLetter } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import { contactChangeSchema } from '../domain/contact-change-schema.ts';
import { GhlError } from '../ghl/errors.ts';
import { askedForAt } from './activity-call.ts';
import { toApplicationFailure } from './ghl-failure.ts';
import { judgeStoreError } from './store-failure.ts';

/** A record of which GHL has told, or `malformed` where what named it names none. */
export type ToldRecord = Pick<ContactChange, 'resource' | 'ghlId'> | 'malformed';

/** What was told, each by itself: whoever can reach Temporal can signal anything, and one that is no change keeps none back. */
export const readTold = (changes: readonly unknown[]): (ContactChange | 'malformed')[] =>
  changes.map((change) => {
    const parsed = contactChangeSchema.safeParse(change);
    return parsed.success ? parsed.data : 'malformed';
  });

/** Why a record cannot be read or kept, as a stable code; undefined where another try may bring it. */
export function finalCauseOf(error: unknown): string | undefined {
  const failure = error instanceof GhlError ? toApplicationFailure(error, 'wait') : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable ? (failure.type ?? 'Unknown') : undefined;
  const { kind, code } = judgeStoreError(failure);
  return kind === 'final' ? code : undefined;
}

/** Puts each of some records that could not be read before an operator. Repeating it changes nothing. */
export async function addUnreadLetters(
  tx: Transaction<Database>,
  { agencyId, locationId }: { agencyId: string; locationId: string },
  records: readonly ToldRecord[],
  cause: string,
): Promise<void> {
  for (const record of records) {
    const id = record === 'malformed' ? 'none' : `${record.resource}:${record.ghlId}`;
    await addDeadLetter(tx, {
      agencyId,
      locationId,
      capability: 'contact-sync',
      cause: `read:${cause}`,
      advice: `A record that GHL told of could not be read (${cause}). ${adviseOn(record)}`,
      subject: { kind: 'record', id: id.slice(0, 100) },
      workflowId: null,
      failedAt: askedForAt(),
    });
  }
}

function adviseOn(record: ToldRecord): string {
  if (record === 'malformed')
    return 'What named it is no record of a contact: look who signals the workflows of contacts.';
  const isPolled = record.resource !== 'note' && record.resource !== 'task';
  return isPolled
    ? 'Mend the cause; the next poll of the location reads what has changed.'
    : 'Mend the cause and change it in GHL once more: no poll reads notes and tasks, it is read when GHL tells of it again.';
}
