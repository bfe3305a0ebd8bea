import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { observeOpportunity } from '../../activities/mirror-observations.ts';
import { recordOf } from '../../api/ghl-record.ts';
import { contactChangeWork } from '../../db/contact-work.ts';
import { addWork, claimDueWork } from '../../db/event-capabilities.ts';
import { settleKnownChanges } from '../../db/known-changes.ts';
import { markDeleted, writeObservations } from '../../db/mirror.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import type { ContactChange } from '../../domain/contact-change.ts';
import type { FoundBy, Observation } from '../../domain/mirror.ts';
import { opportunitySchema } from '../../ghl/opportunity-schema.ts';
import { parseGhlEvent } from '../../ghl/webhooks.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

const past = new Date(Date.now() - 120_000);
const seen = (ghlId: string, more: Partial<Observation> = {}): Observation => ({
  ...{ ghlId, ghlContactId: ghlId, fields: { city: 'Lynn' }, ghlCreatedAt: past, ghlUpdatedAt: past },
  ...{ observedAt: past, isExact: true, ...more },
});

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
  const place = ({ agencyId, nearId: locationId }: Tenant, resource: 'contact' | 'note') => ({
    agencyId,
    locationId,
    resource,
  });
  await withScope(database.db, { agencyId: ours.agencyId }, async (tx) => {
    const contacts = place(ours, 'contact');
    await writeObservations(tx, contacts, [seen('made'), seen('gone'), seen('listed', { isExact: false })], 'edit');
    await markDeleted(tx, contacts, ['gone'], new Date());
    await writeObservations(tx, place(ours, 'note'), [seen('note')], 'edit');
  });
  await withScope(database.db, { agencyId: theirs.agencyId }, (tx) =>
    writeObservations(tx, place(theirs, 'contact'), [seen('elsewhere')], 'edit'),
  );
});
afterAll(() => database.drop());

/** Puts changes of our location in the inbox. @returns those that a relay is to hand over, and the states of all */
async function handOver(...changes: ContactChange[]) {
  const { agencyId, nearId: locationId } = ours;
  await database.ownerDb.deleteFrom('event_capabilities').execute();
  const cause = { causeId: uuidv7(), agencyId, locationId };
  const work = changes.map((change) => ({
    ...contactChangeWork({ ...cause, causeId: uuidv7() }, change),
    dueAt: past,
  }));
  await withSystemRole(database.db, 'intake', (tx) => addWork(tx, work));
  const left = await withSystemRole(database.db, 'relay', async (tx) =>
    settleKnownChanges(tx, await claimDueWork(tx, { limit: 20, perLocation: 20, leaseMs: 10_000 })),
  );
  const rows = await database.ownerDb.selectFrom('event_capabilities').select('state').orderBy('sequence').execute();
  return { left: left.map(({ input }) => input['change']), states: rows.map(({ state }) => state) };
}

const creation = (resource: ContactChange['resource'], ghlId: string): ContactChange => ({
  ...{ resource, ghlId, ghlContactId: ghlId, isCreation: true },
});

it('hands no creation over of which the mirror has the record', async () => {
  expect(await handOver(creation('contact', 'made'), creation('note', 'note'))).toEqual({
    left: [],
    states: ['known', 'known'],
  });
});

it.each([
  ['of a record that the mirror has not', creation('note', 'unknown')],
  ['of a record of another kind with the same id', creation('task', 'note')],
  ['of a record that only another agency has', creation('contact', 'elsewhere')],
  ['of a contact that only a list has shown', creation('contact', 'listed')],
  ['of a contact that was found to be gone', creation('contact', 'gone')],
])('hands a creation over %s', async (_, change) => {
  expect(await handOver(change)).toEqual({ left: [change], states: ['pending'] });
});

it('hands every other change over, also one that came after the creation and waits with it', async () => {
  const { isCreation: _, ...change } = creation('contact', 'made');
  expect(await handOver(creation('contact', 'made'), change)).toEqual({ left: [change], states: ['known', 'pending'] });
});

describe('an update of an opportunity', () => {
  const event = {
    ...{ type: 'OpportunityUpdate', locationId: 'any', contactId: 'made', status: 'open', name: 'Zoë \\ "Ω"' },
    ...{ pipelineId: 'pipe', pipelineStageId: 'stage', monetaryValue: 12.5, assignedTo: 'user', source: null },
  };
  /** The change that an event of the opportunity asks for. */
  const told = (id: string, more: Record<string, unknown> = {}): ContactChange => {
    const parsed = parseGhlEvent({ ...event, id, ...more });
    if (parsed.outcome !== 'event') throw new Error(parsed.outcome);
    return recordOf(parsed.event)!;
  };
  async function hold(id: string, foundBy: FoundBy, ghlCreatedAt: Date): Promise<void> {
    const opportunity = opportunitySchema.parse({ ...event, id, createdAt: ghlCreatedAt.toISOString() });
    const { agencyId, nearId: locationId } = ours;
    await withScope(database.db, { agencyId }, (tx) =>
      writeObservations(
        tx,
        { agencyId, locationId, resource: 'opportunity' },
        [observeOpportunity(opportunity, past)],
        foundBy,
      ),
    );
  }

  it('is not handed over where it tells what the mirror has of one that we have just made', async () => {
    await hold('twin', 'edit', new Date());
    expect(await handOver(told('twin'))).toEqual({ left: [], states: ['known'] });
  });

  it.each([
    ['another stage', { pipelineStageId: 'next' }],
    ['another amount', { monetaryValue: 13 }],
    ['another name', { name: 'Zoe' }],
    ['another contact', { contactId: 'another' }],
    ['no contact', { contactId: null }],
    ['less than all, because GHL cut it', { payloadTooLarge: true }],
  ])('is handed over where it tells %s', async (_, more) => {
    await hold('changed', 'edit', new Date());
    const change = told('changed', more);
    expect(await handOver(change)).toEqual({ left: [change], states: ['pending'] });
  });

  it('is handed over of one that was made a while ago, or by others: it may be all that comes of its deletion', async () => {
    await hold('older', 'edit', past);
    await hold('theirs', 'event', new Date());
    const changes = [told('older'), told('theirs')];
    expect(await handOver(...changes)).toEqual({ left: changes, states: ['pending', 'pending'] });
  });
});
