import type { RequestHandler } from 'express';
import { z } from 'zod';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { readBody } from './input.ts';
import { askLead, requireOpenLead, updateIdOf } from './lead-access.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { reasonCode } from './reason-code.ts';
import { describeRequest } from './request-log.ts';

const bodySchema = z.strictObject({
  outcome: z.enum(['won', 'lost', 'abandoned']),
  reason: reasonCode.optional(),
});

/** `POST /v1/leads/:id/close`: the lead is over. 409 `lead-closed` when it is already. */
export const closeLeadByApi =
  (deps: LeadChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db, client } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { outcome, reason } = readBody(req, bodySchema);
    const lead = await withScope(db, caller.scope, (tx) => requireOpenLead(tx, req.params['id'], caller));
    const request = { outcome, actor, ...(reason !== undefined && { reason }) };
    const asked = { agencyId, leadId: lead.id, request, updateId: updateIdOf(req, caller, 'close') };
    await askLead(deps, res, lead, () => client.closeLead(asked));
  };
