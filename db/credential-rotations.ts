import type { Selectable, Transaction } from 'kysely';
import type { RotationOutcome } from '../domain/credential-rotation.ts';
import { credentialRotationWorkflowId } from '../domain/workflow-ids.ts';
import { audit } from './audit-log.ts';
import { addDeadLetter } from './dead-letters.ts';
import type { Database } from './schema.ts';
import type { CredentialRotationTable } from './schema/connecting.ts';

export type CredentialRotation = Selectable<CredentialRotationTable>;

export interface RotationRef {
  rotationId: string;
  agencyId: string;
}

/** Keeps a new token, sealed, until it has been tried. */
export async function addRotation(
  tx: Transaction<Database>,
  rotation: RotationRef & { locationId: string | null; candidate: Buffer },
  act: { actor: string; origin: string },
): Promise<void> {
  const { rotationId, agencyId, locationId, candidate } = rotation;
  await tx
    .insertInto('credential_rotations')
    .values({ id: rotationId, agency_id: agencyId, location_id: locationId, candidate, made_by: act.actor })
    .execute();
  const subject = `credential-rotation:${rotationId}`;
  await audit(tx, { ...act, agencyId, action: 'credential.rotate', subject, after: { locationId } });
}

/** A rotation of the scope. */
export async function findRotation(tx: Transaction<Database>, id: string): Promise<CredentialRotation | undefined> {
  return tx.selectFrom('credential_rotations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Whether a newer token for the same account is waiting or was taken. */
export async function isSuperseded(
  tx: Transaction<Database>,
  rotation: Pick<CredentialRotation, 'id' | 'agency_id' | 'location_id'>,
): Promise<boolean> {
  const newer = await tx
    .selectFrom('credential_rotations')
    .select('id')
    .where('agency_id', '=', rotation.agency_id)
    .where('location_id', rotation.location_id === null ? 'is' : '=', rotation.location_id)
    // Version 7 ids are in the order of time.
    .where('id', '>', rotation.id)
    .where((where) => where.or([where('outcome', 'is', null), where('outcome', '=', 'replaced')]))
    .executeTakeFirst();
  return newer !== undefined;
}

/** Ends a rotation; the first outcome stands, and the token is not kept. Repeating it changes nothing. */
export async function endRotation(
  tx: Transaction<Database>,
  rotation: { id: string; agencyId: string; locationId: string | null; actor: string },
  end: { outcome: RotationOutcome; missingScopes: string[]; now: Date },
): Promise<void> {
  const { outcome, missingScopes, now } = end;
  const result = await tx
    .updateTable('credential_rotations')
    .set({ outcome, missing_scopes: missingScopes, ended_at: now, candidate: null })
    .where('id', '=', rotation.id)
    .where('outcome', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return;
  await audit(tx, {
    agencyId: rotation.agencyId,
    actor: rotation.actor,
    action: outcome === 'replaced' ? 'credential.replaced' : 'credential.kept',
    subject: `credential-rotation:${rotation.id}`,
    after: { locationId: rotation.locationId, outcome, missingScopes },
    origin: 'workflow',
  });
}

/** What a new token is sealed for. */
export const candidateOf = (agencyId: string, locationId: string | null) => ({
  agencyId,
  locationId,
  purpose: 'credential-candidate',
});

/**
 * Puts a rotation that failed for good before an operator, once for each credential: until a token replaces it.
 * @param cause the code of what failed
 */
export async function addRotationLetter(
  tx: Transaction<Database>,
  { id, agencyId, locationId }: { id: string; agencyId: string; locationId: string | null },
  cause: string,
): Promise<void> {
  await addDeadLetter(tx, {
    agencyId,
    locationId,
    capability: 'credential-rotation',
    cause: `rotation:${cause}`,
    advice: `A new token was not put in place (${cause}), and is not kept: the credential that was there stands. Mend the cause, then bring the token once more (credentials rotate).`,
    subject: { kind: 'credential', id: locationId ?? agencyId },
    workflowId: credentialRotationWorkflowId(agencyId, id),
  });
}

/** The cause of those whose workflow ended them in no time. */
export const NEVER_ENDED = 'NeverEnded';

/**
 * Puts rotations that upkeep has ended before an operator, but for those whose place a newer token has taken. Needs the
 * upkeep role.
 */
export async function tellOfForgottenRotations(tx: Transaction<Database>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const ended = await tx
    .selectFrom('credential_rotations')
    .select(['id', 'agency_id', 'location_id'])
    .where('id', 'in', ids)
    .execute();
  for (const rotation of ended) {
    const { id, agency_id: agencyId, location_id: locationId } = rotation;
    if (!(await isSuperseded(tx, rotation))) await addRotationLetter(tx, { id, agencyId, locationId }, NEVER_ENDED);
  }
}
