import type { Transaction } from 'kysely';
import { isBeingMerged } from '../db/contact-merges.ts';
import { type Contact, findContact, lockContact } from '../db/contacts.ts';
import { findLocation } from '../db/locations.ts';
import type { Database, Location } from '../db/schema.ts';
import type { ContactIssue } from '../domain/contact-input.ts';
import type { Caller } from './authentication.ts';
import { ProblemError } from './problem.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isId = (id: unknown): id is string => typeof id === 'string' && UUID.test(id);

/** The contact of a URL's id, or what it has become. Another tenant's is as unknown as one that never was. @throws ProblemError 404 */
export async function requireContact(tx: Transaction<Database>, id: unknown): Promise<Contact> {
  const contact = isId(id) ? await findContact(tx, id.toLowerCase()) : undefined;
  if (!contact) throw new ProblemError(404, 'no-such-contact');
  return contact;
}

/** A contact that may be changed now, held until the transaction ends. @throws ProblemError 404, 409 */
export async function lockChangeableContact(tx: Transaction<Database>, id: unknown): Promise<Contact> {
  const contact = await lockRedrivableContact(tx, id);
  if (contact.deleted_at !== null) throw new ProblemError(409, 'contact-deleted');
  return contact;
}

/**
 * A contact whose changes may be tried again, held: one that is deleted as well, for GHL may have it again.
 * @throws ProblemError 404, 409
 */
export async function lockRedrivableContact(tx: Transaction<Database>, id: unknown): Promise<Contact> {
  const contact = isId(id) ? await lockContact(tx, id.toLowerCase()) : undefined;
  if (!contact) throw new ProblemError(404, 'no-such-contact');
  if (await isBeingMerged(tx, contact.id))
    throw new ProblemError(409, 'contact-being-merged', { retryAfterSeconds: 10 });
  return contact;
}

/** The location of a URL's id, which the caller's scope holds. @throws ProblemError 404 */
export async function requireLocation(tx: Transaction<Database>, id: unknown): Promise<Location> {
  const location = isId(id) ? await findLocation(tx, id.toLowerCase()) : undefined;
  if (!location) throw new ProblemError(404, 'no-such-location');
  return location;
}

/** The location that a request is about: the credential's own, or the one that an agency names. @throws ProblemError 422, 404 */
export async function chooseLocation(
  tx: Transaction<Database>,
  caller: Caller,
  named: string | undefined,
): Promise<Location> {
  if (named === undefined && caller.locationId === null) {
    throw new ProblemError(422, 'location-missing', {
      issues: [{ path: 'locationId', message: 'is needed with the key of an agency' }],
    });
  }
  const location = await findLocation(tx, named?.toLowerCase() ?? caller.locationId ?? '');
  if (!location) {
    throw new ProblemError(422, 'unknown-location', { issues: [{ path: 'locationId', message: 'is not known' }] });
  }
  return location;
}

/** @throws ProblemError 422 when there are any */
export function refuseIssues(issues: ContactIssue[]): void {
  if (issues.length > 0) throw new ProblemError(422, 'invalid-body', { issues });
}
