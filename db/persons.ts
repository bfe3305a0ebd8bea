import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

export interface PersonRow {
  id: string;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  createdAt: Date;
}

/** The persons of the agency who share the e-mail or the phone; most of an office may share a phone. */
export async function listPersonsSharing(
  tx: Transaction<Database>,
  agencyId: string,
  identity: { email: string | null; phone: string | null },
): Promise<PersonRow[]> {
  const { email, phone } = identity;
  if (email === null && phone === null) return [];
  return tx
    .selectFrom('persons')
    .select(['id', 'first_name as firstName', 'last_name as lastName', 'email', 'phone', 'created_at as createdAt'])
    .where('agency_id', '=', agencyId)
    .where((where) =>
      where.or([
        ...(email === null ? [] : [where('email', '=', email)]),
        ...(phone === null ? [] : [where('phone', '=', phone)]),
      ]),
    )
    .orderBy('created_at')
    .limit(200)
    .execute();
}

export interface PersonDetails {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
}

/** Adds a person. */
export async function createPerson(
  tx: Transaction<Database>,
  person: { id: string; agencyId: string } & PersonDetails,
): Promise<void> {
  await tx
    .insertInto('persons')
    .values({
      id: person.id,
      agency_id: person.agencyId,
      first_name: person.firstName,
      last_name: person.lastName,
      email: person.email,
      phone: person.phone,
    })
    .execute();
}

/**
 * Adds what a later enquiry tells and the earlier did not; what is known stays.
 * @returns the person's details then @throws NoResultError when the scope does not hold the person
 */
export async function completePerson(
  tx: Transaction<Database>,
  id: string,
  details: PersonDetails,
): Promise<PersonDetails> {
  return tx
    .updateTable('persons')
    .set((set) => ({
      first_name: set.fn.coalesce('first_name', set.val(details.firstName)),
      last_name: set.fn.coalesce('last_name', set.val(details.lastName)),
      email: set.fn.coalesce('email', set.val(details.email)),
      phone: set.fn.coalesce('phone', set.val(details.phone)),
      updated_at: new Date(),
    }))
    .where('id', '=', id)
    .returning(['first_name as firstName', 'last_name as lastName', 'email', 'phone'])
    .executeTakeFirstOrThrow();
}

/** A person's details. @throws NoResultError when the scope does not hold the person */
export async function getPerson(tx: Transaction<Database>, id: string): Promise<PersonDetails> {
  return tx
    .selectFrom('persons')
    .select(['first_name as firstName', 'last_name as lastName', 'email', 'phone'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
}
