import type { Request, Response } from 'express';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { LeadOverError, LeadPendingError, LeadRefusedError } from '../client.ts';
import { isLeadStartPending } from '../db/event-capabilities.ts';
import { findLead } from '../db/leads.ts';
import type { Database, Lead } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import type { Caller } from './authentication.ts';
import { findIdempotencyKey } from './input.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { ProblemError } from './problem.ts';
import { reportStuckLead } from './stuck-leads.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The lead of a URL's id. Another tenant's is as unknown as one that never was. @throws ProblemError 404 */
export async function requireLead(tx: Transaction<Database>, id: unknown): Promise<Lead> {
  const lead = typeof id === 'string' && UUID.test(id) ? await findLead(tx, id.toLowerCase()) : undefined;
  if (!lead) throw new ProblemError(404, 'no-such-lead');
  return lead;
}

/**
 * A lead that the caller may change now: the account it came in by still sees a lead that has gone to another location,
 * but only that location and the agency change it.
 * @throws ProblemError 404, 403, 409
 */
export async function requireOpenLead(tx: Transaction<Database>, id: unknown, caller: Caller): Promise<Lead> {
  const lead = await requireLead(tx, id);
  const isElsewhere = caller.locationId !== null && lead.location_id !== null && lead.location_id !== caller.locationId;
  if (isElsewhere) throw new ProblemError(403, 'lead-in-other-location');
  if (lead.state === 'closed') throw new ProblemError(409, 'lead-closed');
  return lead;
}

/** One id for each thing asked of a lead's workflow: with an `Idempotency-Key` a repeat is the same request. @throws ProblemError 400 */
export function updateIdOf(req: Request, { keyId }: Caller, action: 'reassign' | 'accept' | 'close'): string {
  const idempotencyKey = findIdempotencyKey(req);
  return idempotencyKey === undefined ? uuidv7() : `api:${keyId}:${action}:${idempotencyKey}`;
}

/**
 * Asks a lead's workflow for something and answers: 200 with how the lead stands, 202 when the workflow has taken it up
 * and still waits, for GHL as a rule. Then the lead shows the outcome, and so does a repeat with the same key.
 * @throws ProblemError 409 with the reason of a refusal as the code, or why there is no workflow to ask; 500 when a step
 *   failed for good
 */
export async function askLead(
  deps: LeadChangeDeps,
  res: Response,
  lead: Lead,
  ask: () => Promise<LeadStanding>,
): Promise<void> {
  try {
    res.json({ id: lead.id, ...(await ask()) });
  } catch (error) {
    if (error instanceof LeadPendingError) {
      res.status(202).location(`/v1/leads/${lead.id}`).json({ id: lead.id, pending: true });
      return;
    }
    if (error instanceof LeadRefusedError) {
      if (error.code === 'internal-error') throw new ProblemError(500, error.code, { detail: STEP_FAILED });
      throw error.code === 'lead-stuck' ? leadStuck() : new ProblemError(409, error.code);
    }
    if (error instanceof LeadOverError) throw await explainAbsence(deps, lead);
    throw error;
  }
}

const STEP_FAILED = 'The lead is as it was before; an operator finds the cause among the dead letters.';
const leadStuck = (): ProblemError =>
  new ProblemError(409, 'lead-stuck', {
    detail:
      'The lead is open, but its workflow has failed or was ended. An operator finds it among the dead letters and redrives it.',
  });

/** Why no workflow answers for a lead that was open a moment ago. One that has lost its workflow goes to an operator. */
async function explainAbsence(
  { db, client }: LeadChangeDeps,
  { id, agency_id: agencyId }: Lead,
): Promise<ProblemError> {
  const scope = { agencyId };
  // Before Temporal is asked: what is in the inbox no more has been started.
  const isPending = await withScope(db, scope, (tx) => isLeadStartPending(tx, id));
  const fate = await client.leadFate({ agencyId, leadId: id });
  if (isPending || fate === 'running') return new ProblemError(409, 'lead-not-started', { retryAfterSeconds: 5 });
  const lead = await withScope(db, scope, (tx) => findLead(tx, id));
  if (!lead || lead.state === 'closed') return new ProblemError(409, 'lead-closed');
  await reportStuckLead({ db, client, now: () => new Date() }, lead, fate);
  return leadStuck();
}
