import type { Selectable, Transaction } from 'kysely';
import { type FieldDefinition, type FieldDrift, type FieldMapping, judgeDrift } from '../domain/field-mapping.ts';
import { addDeadLetter, resolveDeadLetters } from './dead-letters.ts';
import type { Database } from './schema.ts';
import type { FieldMappingTable } from './schema/contacts.ts';

export interface StoredMapping extends FieldMapping {
  locationId: string;
  drift: FieldDrift | null;
  checkedAt: Date;
}

const read = (row: Selectable<FieldMappingTable>): StoredMapping => ({
  locationId: row.location_id,
  name: row.name,
  type: row.type,
  ghlFieldId: row.ghl_field_id,
  dataType: row.ghl_data_type,
  options: row.options,
  drift: row.drift,
  checkedAt: row.checked_at,
});

/** The mappings of a location, by name. */
export async function listFieldMappings(tx: Transaction<Database>, locationId: string): Promise<StoredMapping[]> {
  const rows = tx.selectFrom('field_mappings').selectAll().where('location_id', '=', locationId).orderBy('name');
  return (await rows.execute()).map(read);
}

/** The mappings of several locations, for a list of their contacts. */
export async function listMappingsOf(
  tx: Transaction<Database>,
  locationIds: readonly string[],
): Promise<StoredMapping[]> {
  if (locationIds.length === 0) return [];
  const rows = tx.selectFrom('field_mappings').selectAll().where('location_id', 'in', locationIds).orderBy('name');
  return (await rows.execute()).map(read);
}

/**
 * Maps a name, or maps it anew.
 * @returns false when another name of the location has the field
 */
export async function saveFieldMapping(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  mapping: FieldMapping,
  now: Date,
): Promise<boolean> {
  const taken = await tx
    .selectFrom('field_mappings')
    .select('name')
    .where('location_id', '=', of.locationId)
    .where('ghl_field_id', '=', mapping.ghlFieldId)
    .where('name', '<>', mapping.name)
    .executeTakeFirst();
  if (taken) return false;
  const values = {
    type: mapping.type,
    ghl_field_id: mapping.ghlFieldId,
    ghl_data_type: mapping.dataType,
    options: [...mapping.options],
    drift: null,
    checked_at: now,
  };
  await tx
    .insertInto('field_mappings')
    .values({ agency_id: of.agencyId, location_id: of.locationId, name: mapping.name, ...values })
    .onConflict((conflict) => conflict.columns(['location_id', 'name']).doUpdateSet(values))
    .execute();
  await resolveDeadLetters(
    tx,
    { subjectId: subjectOf(of.locationId, mapping.name), causePrefix: 'field-drift:' },
    'mapped',
    now,
  );
  return true;
}

/** Forgets a name; what contacts have stays in GHL. @returns false when there was none such */
export async function removeFieldMapping(
  tx: Transaction<Database>,
  of: { locationId: string; name: string },
  now: Date,
): Promise<boolean> {
  const removed = await tx
    .deleteFrom('field_mappings')
    .where('location_id', '=', of.locationId)
    .where('name', '=', of.name)
    .executeTakeFirst();
  await resolveDeadLetters(
    tx,
    { subjectId: subjectOf(of.locationId, of.name), causePrefix: 'field-drift:' },
    'unmapped',
    now,
  );
  return removed.numDeletedRows === 1n;
}

/**
 * Compares a location's mappings with all the fields it has now, and puts each new difference before an operator. For
 * whoever has just read them: a check that was asked for, and each poll of custom fields. Repeating it changes nothing.
 */
export async function noteFieldDrift(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string },
  definitions: readonly FieldDefinition[],
  now: Date,
): Promise<void> {
  for (const mapping of await listFieldMappings(tx, of.locationId)) {
    const drift = judgeDrift(
      mapping,
      definitions.find((each) => each.ghlFieldId === mapping.ghlFieldId),
    );
    await tx
      .updateTable('field_mappings')
      .set({ drift, checked_at: now })
      .where('location_id', '=', of.locationId)
      .where('name', '=', mapping.name)
      .execute();
    if (drift === mapping.drift) continue;
    const subject = { kind: 'field-mapping' as const, id: subjectOf(of.locationId, mapping.name) };
    await resolveDeadLetters(tx, { subjectId: subject.id, causePrefix: 'field-drift:' }, 'changed-again', now);
    if (drift === null) continue;
    await addDeadLetter(tx, {
      agencyId: of.agencyId,
      locationId: of.locationId,
      capability: 'contact-sync',
      cause: `field-drift:${drift}`,
      advice:
        'The custom field is not as it was when it was mapped. Mend it in GHL and run `fields check`, or run `fields map` again.',
      subject,
      workflowId: null,
    });
  }
}

const subjectOf = (locationId: string, name: string): string => `${locationId}/${name}`;
