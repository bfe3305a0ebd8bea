import type { RequestHandler } from 'express';
import { z } from 'zod';
import { findRep } from '../db/reps.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { readBody } from './input.ts';
import { askLead, requireOpenLead, updateIdOf } from './lead-access.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';
import { reasonCode } from './reason-code.ts';

const bodySchema = z.strictObject({
  repId: z.uuid().transform((id) => id.toLowerCase()),
  reason: reasonCode.optional(),
  /** Over the caps of rep and location. */
  force: z.boolean().optional(),
});

/**
 * `POST /v1/leads/:id/reassign`: hands the lead to a rep and answers when GHL has followed; 202 when that takes longer
 * than 10 s. 409 with the reason as code when the workflow refuses; 422 for a rep the caller may not know. With an
 * `Idempotency-Key` a repeat is one request.
 */
export const reassignLeadByApi =
  (deps: LeadChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db, client } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { repId, reason, force } = readBody(req, bodySchema);
    const updateId = updateIdOf(req, caller, 'reassign');
    const lead = await withScope(db, caller.scope, async (tx) => {
      const found = await requireOpenLead(tx, req.params['id'], caller);
      if (!(await findRep(tx, repId))) throw new ProblemError(422, 'unknown-rep');
      return found;
    });
    const request = { repId, actor, ...(reason !== undefined && { reason }), ...(force !== undefined && { force }) };
    await askLead(deps, res, lead, () => client.reassignLead({ agencyId, leadId: lead.id, request, updateId }));
  };
