import type { RequestHandler } from 'express';
import { z } from 'zod';
import { withScope } from '../db/scope.ts';
import type { LeadStanding } from '../domain/lead-messages.ts';
import { authenticateBearer } from './authentication.ts';
import { readBody } from './input.ts';
import { askLead, requireLead, requireOpenLead, updateIdOf } from './lead-access.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { ProblemError } from './problem.ts';
import { reasonCode } from './reason-code.ts';
import { describeRequest } from './request-log.ts';

const bodySchema = z.strictObject({
  outcome: z.enum(['won', 'lost', 'abandoned']),
  reason: reasonCode.optional(),
});

/**
 * `POST /v1/leads/:id/close`: the lead is over. Asked again after a lost answer it says how the lead stands; 409
 * `lead-closed` when the lead ended otherwise.
 */
export const closeLeadByApi =
  (deps: LeadChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db, client } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { outcome, reason } = readBody(req, bodySchema);
    const request = { outcome, actor, ...(reason !== undefined && { reason }) };
    try {
      const lead = await withScope(db, caller.scope, (tx) => requireOpenLead(tx, req.params['id'], caller));
      const asked = { agencyId, leadId: lead.id, request, updateId: updateIdOf(req, caller, 'close') };
      await askLead(deps, res, lead, () => client.closeLead(asked));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'lead-closed') throw error;
      const lead = await withScope(db, caller.scope, (tx) => requireLead(tx, req.params['id']));
      if (lead.close_reason !== outcome) throw error;
      const standing: LeadStanding = {
        status: 'closed',
        locationId: lead.location_id,
        repId: lead.rep_id,
        assignmentId: null,
        closeReason: outcome,
        expiresAtMs: lead.expires_at?.getTime() ?? null,
      };
      res.json({ id: lead.id, ...standing });
    }
  };
