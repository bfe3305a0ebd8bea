import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { audit } from '../db/audit-log.ts';
import { listConflictPolicies, setConflictPolicy } from '../db/conflict-policies.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { CONFLICT_POLICIES, policyField } from '../domain/contact-conflict.ts';
import { authenticateBearer } from './authentication.ts';
import { requireLocation } from './contact-access.ts';
import { readBody } from './input.ts';
import { describeRequest } from './request-log.ts';

const bodySchema = z.strictObject({
  field: z.string().refine((field) => policyField(field), 'wanted is *, tags, a field, or custom:<id>'),
  /** Null takes it back. */
  policy: z.enum(CONFLICT_POLICIES).nullable(),
});

/** `GET /v1/locations/:id/conflict-policies`: by field; `newest-wins` where nothing is said. */
export const listPoliciesByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const policies = await withScope(db, caller.scope, async (tx) =>
      listConflictPolicies(tx, (await requireLocation(tx, req.params['id'])).id),
    );
    res.json({ policies });
  };

/** `PUT /v1/locations/:id/conflict-policies`: sets the policy of one field. */
export const setPolicyByApi =
  ({ db }: { db: Kysely<Database> }): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const { field, policy } = readBody(req, bodySchema);
    const policies = await withScope(db, caller.scope, async (tx) => {
      const location = await requireLocation(tx, req.params['id']);
      await setConflictPolicy(tx, { agencyId, locationId: location.id, field }, policy);
      const act = { action: 'conflict-policy.set', subject: `location:${location.id}`, after: { field, policy } };
      await audit(tx, { agencyId, actor, origin: 'api', ...act });
      return listConflictPolicies(tx, location.id);
    });
    res.json({ policies });
  };
