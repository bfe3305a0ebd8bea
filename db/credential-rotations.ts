import type { Selectable, Transaction } from 'kysely';
import type { RotationOutcome } from '../domain/credential-rotation.ts';
import { audit } from './audit-log.ts';
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
export async function isSuperseded(tx: Transaction<Database>, rotation: CredentialRotation): Promise<boolean> {
  const newer = await tx
    .selectFrom('credential_rotations')
    .select('id')
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
