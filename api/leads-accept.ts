import type { RequestHandler } from 'express';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { askLead, requireOpenLead, updateIdOf } from './lead-access.ts';
import type { LeadChangeDeps } from './lead-client.ts';
import { describeRequest } from './request-log.ts';

/** `POST /v1/leads/:id/accept`: the rep has taken the lead up. Repeating it changes nothing. */
export const acceptLeadByApi =
  (deps: LeadChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db, client } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const lead = await withScope(db, caller.scope, (tx) => requireOpenLead(tx, req.params['id'], caller));
    const asked = { agencyId, leadId: lead.id, request: { actor }, updateId: updateIdOf(req, caller, 'accept') };
    await askLead(deps, res, lead, () => client.acceptLead(asked));
  };
