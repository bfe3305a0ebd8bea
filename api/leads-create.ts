import type { Request, RequestHandler } from 'express';
import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { findLeadIdByKey } from '../db/lead-intake.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { findIntakeAccount } from '../db/tenants.ts';
import { enquirySchema, normaliseEnquiry } from '../domain/enquiry.ts';
import { authenticateBearer, type Caller } from './authentication.ts';
import { keyOfRequest } from './event-key.ts';
import type { EventIntake } from './event-intake.ts';
import { findIdempotencyKey, readBody } from './input.ts';
import type { EventOwner, Incoming, IntakeDoor } from './intake-door.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';
import { orRetryLater } from './retry-later.ts';
import { KnownLeadKeyError } from './take-events.ts';

export interface LeadsCreateDeps {
  db: Kysely<Database>;
  intake: EventIntake;
  logger: Logger;
}

type Enquiry = z.output<typeof enquirySchema>;

/**
 * `POST /v1/leads`: somebody asks, by the API. 201 with the new lead's id; 200 with the first one's for a repeat of the
 * `Idempotency-Key`; 422 when that key came with another body, or nobody could be called back.
 */
export const createLeadByApi =
  (deps: LeadsCreateDeps): RequestHandler =>
  async (req, res) => {
    const { isNew, id, refused } = await orRetryLater(deps.logger, () => take(deps, req, res));
    res
      .status(isNew ? 201 : 200)
      .location(`/v1/leads/${id}`)
      // Identifiers that were given and are not usable; the lead goes on without them.
      .json({ id, refused });
  };

async function take({ db, intake }: LeadsCreateDeps, req: Request, res: Parameters<typeof describeRequest>[0]) {
  const caller = await authenticateBearer(db, req.get('authorization'));
  const idempotencyKey = findIdempotencyKey(req);
  if (idempotencyKey === undefined) {
    throw new ProblemError(400, 'idempotency-key-missing', {
      detail: 'Send an Idempotency-Key header, so that a repeated request makes no second lead.',
    });
  }
  const enquiry = readBody(req, enquirySchema);
  const { email, phone, refused } = normaliseEnquiry(enquiry);
  if (email === null && phone === null) {
    const issues = refused.map((path) => ({ path, message: 'is not valid' }));
    throw new ProblemError(422, 'no-usable-identifier', { issues });
  }

  const { agencyId, locationId } = caller;
  // Keys of one location's credentials do not meet another's.
  const keyScope = locationId === null ? '' : `${locationId}/`;
  const leadKey = `api:${keyScope}${idempotencyKey}`;
  const leadId = await store(intake, caller, { leadKey, enquiry });
  if (leadId !== null) {
    describeRequest(res, { agencyId, locationId });
    return { isNew: true, id: leadId, refused };
  }
  const id = await withSystemRole(db, 'intake', (tx) => findLeadIdByKey(tx, agencyId, leadKey));
  if (id === undefined) throw new ProblemError(422, 'idempotency-key-reused');
  return { isNew: false, id, refused };
}

type LeadEvent = Incoming & { caller: Caller; leadKey: string; requestedLocationId: string | undefined };

/** Returns the new lead's id; null for a repeat. */
async function store(
  intake: EventIntake,
  caller: Caller,
  { leadKey, enquiry }: { leadKey: string; enquiry: Enquiry },
): Promise<string | null> {
  // Canonical: the order and spacing of the caller's JSON make no other request of it.
  const body = JSON.stringify(enquiry);
  try {
    const receipt = await intake.take(leadDoor, {
      source: 'api',
      key: keyOfRequest([caller.agencyId, leadKey, body]),
      type: 'LeadPosted',
      ghlLocationId: null,
      ghlContactId: null,
      occurredAt: null,
      body: Buffer.from(body),
      caller,
      leadKey,
      requestedLocationId: enquiry.locationId,
    });
    return receipt.leadId;
  } catch (error) {
    if (!(error instanceof KnownLeadKeyError)) throw error;
    throw new ProblemError(422, 'idempotency-key-reused', {
      detail: 'This Idempotency-Key came with another body before.',
    });
  }
}

const leadDoor: IntakeDoor<LeadEvent, EventOwner> = {
  async findOwners(tx, events) {
    const owners: (EventOwner | Error)[] = [];
    for (const event of events) owners.push(await findOwner(tx, event));
    return owners;
  },
  plan: (_tx, events) =>
    Promise.resolve(
      events.map(({ event }) => ({
        lead: { key: event.leadKey, triggerName: null, sourceContactId: null, mustBeNew: true },
      })),
    ),
};

async function findOwner(
  tx: Transaction<Database>,
  { caller, requestedLocationId }: LeadEvent,
): Promise<EventOwner | Error> {
  const { agencyId, locationId } = caller;
  const account = await findIntakeAccount(tx, agencyId, locationId);
  if (!account) {
    return new ProblemError(409, 'no-intake-location', { detail: 'The agency has no master location.' });
  }
  if (requestedLocationId !== undefined && !(await mayAskFor(requestedLocationId))) {
    const issues = [{ path: 'locationId', message: 'is not known' }];
    return new ProblemError(422, 'unknown-location', { issues });
  }
  return { agencyId, locationId: account.locationId, status: 'accepted' };

  async function mayAskFor(requestedId: string): Promise<boolean> {
    if (locationId !== null) return requestedId.toLowerCase() === locationId;
    return (await findIntakeAccount(tx, agencyId, requestedId)) !== undefined;
  }
}
