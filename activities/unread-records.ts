import { ApplicationFailure } from '@temporalio/activity';
import type { Transaction } from 'kysely';
import { addDeadLetter, resolveDeadLetters } from '../db/dead-letters.ts';
import type { Database } from '../db/schema.ts';
import type { ContactChange } from '../domain/contact-change.ts';
import { contactChangeSchema } from '../domain/contact-change-schema.ts';
import type { MirroredResource } from '../domain/mirror.ts';
import type { GhlCalls, LocationCall } from '../ghl/calls.ts';
import { GhlError, GhlForbiddenError } from '../ghl/errors.ts';
import { askedForAt } from './activity-call.ts';
import { toApplicationFailure } from './ghl-failure.ts';
import { readRecord } from './mirror-reads.ts';
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

type ReadKind = ContactChange['resource'];
type Place = { agencyId: string; locationId: string };

/** No record has it: who may read records of a kind hears that it is not there, who may not is refused all the same. */
const NOBODY = 'switchyard-nobody';

/**
 * Whether GHL refuses to show any record of a kind in the location, and not just one of them: what nobody has is asked for.
 * @throws GhlError of a limit or an outage
 */
export async function isKindRefused(ghl: GhlCalls, call: LocationCall, resource: ReadKind): Promise<boolean> {
  const [ghlId, now] = [NOBODY, () => new Date(0)];
  try {
    const isHanging = resource === 'note' || resource === 'task';
    await readRecord(ghl, call, isHanging ? { resource, ghlId, ghlContactId: NOBODY } : { resource, ghlId }, now);
  } catch (error) {
    if (error instanceof GhlForbiddenError) return true;
    // To GHL it may not even look like an id.
    if (finalCauseOf(error) === undefined) throw error;
  }
  return false;
}

const refusedCauseOf = (resource: MirroredResource, cause = '') => `read-refused:${resource}:${cause}` as const;

/** Puts a location of which records of a kind cannot be read at all before an operator, once for all of them. Repeatable. */
export async function addRefusedLetter(
  tx: Transaction<Database>,
  { agencyId, locationId }: Place,
  resource: ReadKind,
  cause: string,
): Promise<void> {
  await addDeadLetter(tx, {
    agencyId,
    locationId,
    capability: 'contact-sync',
    cause: refusedCauseOf(resource, cause),
    advice:
      `GHL does not let the app read any ${resource} of this location (${cause}). Look whether the location is active and ` +
      `the app may read them there, and connect it again. ${adviseOn(resource)}`,
    subject: { kind: 'location', id: locationId },
    workflowId: null,
    failedAt: askedForAt(),
  });
}

/** Settles what `addRefusedLetter` has put before an operator: records of the kind can be read again. */
export async function settleRefused(
  tx: Transaction<Database>,
  locationId: string,
  resource: MirroredResource,
  now: Date,
): Promise<void> {
  await resolveDeadLetters(tx, { subjectId: locationId, causePrefix: refusedCauseOf(resource) }, 'works-again', now);
}

/** Puts each of some records that could not be read before an operator. Repeating it changes nothing. */
export async function addUnreadLetters(
  tx: Transaction<Database>,
  { agencyId, locationId }: Place,
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
      advice: `A record that GHL told of could not be read (${cause}). ${
        record === 'malformed'
          ? 'What named it is no record of a contact: look who signals the workflows of contacts.'
          : adviseOn(record.resource)
      }`,
      subject: { kind: 'record', id: id.slice(0, 100) },
      workflowId: null,
      failedAt: askedForAt(),
    });
  }
}

const adviseOn = (resource: ReadKind): string =>
  resource === 'note' || resource === 'task'
    ? 'Mend the cause and change in GHL once more what changed meanwhile: no poll reads notes and tasks, they are read when GHL tells of them again.'
    : 'Mend the cause; the next poll of the location reads what has changed.';
