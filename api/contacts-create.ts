import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import { z } from 'zod';
import { makeContact } from '../db/contact-changes.ts';
import { listUnsettledEdits } from '../db/contact-edits.ts';
import { addContactKey, findContact, findContactKey, listContactsWith, lockContactCreation } from '../db/contacts.ts';
import { listFieldMappings } from '../db/field-mappings.ts';
import type { Database, Location } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { newContactSchema, readContactInput } from '../domain/contact-input.ts';
import { authenticateBearer, type Caller } from './authentication.ts';
import { chooseLocation, refuseIssues } from './contact-access.ts';
import { viewContact } from './contact-view.ts';
import { findIdempotencyKey, readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface ContactChangeDeps {
  db: Kysely<Database>;
  /** Takes what is saved to Temporal. */
  relay: { wake(): void };
  now: () => Date;
  logger: Logger;
}

const bodySchema = newContactSchema.extend({ locationId: z.uuid().optional() });

/**
 * `POST /v1/contacts`: makes a contact, here at once and in GHL as soon as it can be: 201 with `syncStatus: pending`; 200
 * with the first one for a repeat of the `Idempotency-Key`; 409 `contact-exists`, with its id, when the location has the
 * e-mail or the phone; 422 when that key came with another body, or neither e-mail nor phone is given, by which GHL would
 * have to find the contact again.
 */
export const createContactByApi =
  (deps: ContactChangeDeps): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(deps.db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const { isNew, contact } = await withScope(deps.db, caller.scope, (tx) => take(tx, deps, req, caller));
    deps.relay.wake();
    res
      .status(isNew ? 201 : 200)
      .location(`/v1/contacts/${contact.id}`)
      .set('Cache-Control', 'no-store')
      .json(contact);
  };

async function take(tx: Transaction<Database>, { now }: ContactChangeDeps, req: Request, caller: Caller) {
  const idempotencyKey = findIdempotencyKey(req);
  if (idempotencyKey === undefined) {
    throw new ProblemError(400, 'idempotency-key-missing', {
      detail: 'Send an Idempotency-Key header, so that a repeated request makes no second contact.',
    });
  }
  const { locationId: named, ...input } = readBody(req, bodySchema);
  const location = await chooseLocation(tx, caller, named);
  const mappings = await listFieldMappings(tx, location.id);
  const { changes, issues } = readContactInput(input, { country: location.country ?? 'US', mappings });
  refuseIssues(issues);
  const valueOfChange = (field: 'email' | 'phone'): string | null => {
    const value = changes.find((each) => each.field === field)?.value;
    return typeof value === 'string' ? value : null;
  };
  const [email, phone] = [valueOfChange('email'), valueOfChange('phone')];
  if (email === null && phone === null) throw new ProblemError(422, 'no-usable-identifier');

  const { agencyId } = caller;
  // Keys of one location's credentials do not meet another's.
  const key = `${caller.locationId ?? ''}/${idempotencyKey}`;
  const bodyHash = createHash('sha256')
    .update(JSON.stringify([location.id, input]))
    .digest();
  await lockContactCreation(tx, location.id);
  const before = await findContactKey(tx, agencyId, key);
  if (before) {
    if (!before.bodyHash.equals(bodyHash)) {
      throw new ProblemError(422, 'idempotency-key-reused', {
        detail: 'This Idempotency-Key came with another body before.',
      });
    }
    return { isNew: false, contact: await show(tx, before.contactId) };
  }
  await refuseKnown(tx, location, { email, phone });
  const act = { actor: caller.actor, origin: 'api' as const, now: now() };
  const made = await makeContact(tx, { agencyId, locationId: location.id }, changes, act);
  if (!(await addContactKey(tx, { agencyId, key, bodyHash, contactId: made.id }))) {
    // The same key for another location at the same moment.
    throw new ProblemError(422, 'idempotency-key-reused');
  }
  return { isNew: true, contact: await show(tx, made.id) };

  async function show(inTx: Transaction<Database>, id: string) {
    const contact = await findContact(inTx, id);
    if (!contact) throw new ProblemError(404, 'no-such-contact');
    return viewContact(contact, await listUnsettledEdits(inTx, [contact.id]), mappings);
  }
}

async function refuseKnown(
  tx: Transaction<Database>,
  location: Location,
  identifiers: { email: string | null; phone: string | null },
): Promise<void> {
  const known = (await listContactsWith(tx, location.id, identifiers))[0];
  if (!known) return;
  throw new ProblemError(409, 'contact-exists', {
    detail: `The location has this e-mail or phone as contact ${known.id}: change that one.`,
  });
}
