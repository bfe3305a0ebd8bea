import { afterAll, beforeAll, expect, it } from 'vitest';
import { findExplainedPlacement, findPlacementFacts } from '../../db/lead-placement.ts';
import type { Assignment } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let tenant: Tenant;
let assignment: Assignment;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await plantTenant(database.ownerDb, 'placed');
  assignment = await database.ownerDb
    .selectFrom('assignments')
    .selectAll()
    .where('lead_id', '=', tenant.leadId)
    .executeTakeFirstOrThrow();
});
afterAll(() => database.drop());

const explain = (of: Assignment) =>
  withScope(database.db, { agencyId: of.agency_id }, (tx) => findExplainedPlacement(tx, of));

it('tells of an assignment what a step must know, with the decision behind it', async () => {
  const {
    step,
    reason,
    rule_version: ruleVersion,
  } = await database.ownerDb
    .selectFrom('decisions')
    .selectAll()
    .where('id', '=', assignment.decision_id)
    .executeTakeFirstOrThrow();
  const facts = await withScope(database.db, { agencyId: tenant.agencyId }, (tx) => findPlacementFacts(tx, assignment));
  expect(facts).toMatchObject({ address: { agencyId: tenant.agencyId, locationId: assignment.location_id } });
  expect(await explain(assignment)).toMatchObject({ ...facts, step, reason, ruleVersion });
});

it('says when the decision is past its time', async () => {
  await expect(explain({ ...assignment, decision_id: crypto.randomUUID() })).rejects.toThrow('no decision');
});

it('finds no lead of another agency', async () => {
  const neighbour = await plantTenant(database.ownerDb, 'beside');
  await expect(explain({ ...assignment, agency_id: neighbour.agencyId })).rejects.toThrow('no lead');
});
