import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { listAssignments } from '../db/assignments.ts';
import { listDecisions } from '../db/decisions.ts';
import { listTimeline } from '../db/lead-timeline.ts';
import { getPerson } from '../db/persons.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { authenticateBearer } from './authentication.ts';
import { requireLead } from './lead-access.ts';
import { viewAssignment, viewDecision, viewLead, viewTimeline } from './lead-view.ts';
import { describeRequest } from './request-log.ts';

/** `GET /v1/leads/:id`: state, person, last decision, assignment and timeline. The only answer with personal data. */
export const getLeadByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { scope } = caller;
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const answer = await withScope(db, scope, async (tx) => {
      const lead = await requireLead(tx, req.params['id']);
      const decision = (await listDecisions(tx, lead.id)).at(-1);
      const assignments = await listAssignments(tx, lead.id);
      const assignment = assignments.findLast((each) => each.state !== 'released') ?? assignments.at(-1);
      return {
        ...viewLead(lead),
        postcode: lead.postcode,
        country: lead.country,
        requestedLocationId: lead.requested_location_id,
        scoreFactors: lead.score_factors,
        person: lead.person_id === null ? null : await getPerson(tx, lead.person_id),
        decision: decision ? viewDecision(decision, scope) : null,
        assignment: assignment ? viewAssignment(assignment) : null,
        timeline: viewTimeline(await listTimeline(tx, lead.id), scope),
      };
    });
    res.set('Cache-Control', 'no-store').json(answer);
  };
