import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ startsInFlight: 3 });
});
afterAll(() => world.close());
beforeEach(() => {
  world.client.handovers = [];
  world.client.startError = undefined;
});

/** What waits of leads; the reads for the mirror come after it. */
const pending = () =>
  world.ownerDb
    .selectFrom('event_capabilities')
    .selectAll()
    .where('state', '=', 'pending')
    .where('capability', '<>', 'contact-sync')
    .execute();
const nothingPending = () => waitToPass(async () => expect(await pending()).toEqual([]));
const leadIdOf = async (contactId: string) =>
  (
    await world.ownerDb
      .selectFrom('leads')
      .select('id')
      .where('source_contact_id', '=', contactId)
      .executeTakeFirstOrThrow()
  ).id;

describe('while Temporal is away', () => {
  it('webhooks are answered 200 at once; later each is handed over, none lost, in order for a contact', async () => {
    world.client.isAway = true;
    world.client.hangMs = 1_500;
    const events = Array.from({ length: 30 }, () => contactCreate());
    const timesMs: number[] = [];
    for (const event of events) {
      const startedMs = performance.now();
      await world.deliver(event).expect(200);
      timesMs.push(performance.now() - startedMs);
    }
    for (const { id } of events) {
      await world.deliver({ type: 'ContactDelete', id, webhookId: randomUUID() }).expect(200);
    }
    timesMs.sort((a, b) => a - b);
    // Had they waited for Temporal, not one would have come sooner.
    expect(timesMs[15]).toBeLessThan(world.client.hangMs);
    expect(world.client.handovers).toEqual([]);
    expect(await pending()).toHaveLength(60);

    world.client.isAway = false;
    await nothingPending();
    for (const { id } of events) {
      const leadId = await leadIdOf(id);
      const methods = world.client.handovers.filter((each) => each.leadId === leadId).map((each) => each.method);
      expect(methods.at(-1)).toBe('changeLead');
      expect(methods.slice(0, -1)).toContain('startLeadIntake');
      expect(methods.indexOf('changeLead')).toBe(methods.length - 1);
    }
  });
});

describe('a burst of leads', () => {
  it('keeps the starts in flight below their cap, and all are started', async () => {
    world.client.mostInFlight = 0;
    const events = Array.from({ length: 60 }, () => contactCreate());
    await Promise.all(events.map((event) => world.deliver(event).expect(200)));
    await nothingPending();
    // Three of the process, and what the relay takes of one location at a time.
    expect(world.client.mostInFlight).toBeLessThanOrEqual(3 + 5);
    const started = new Set(world.client.handovers.map((each) => each.leadId));
    for (const { id } of events) expect(started).toContain(await leadIdOf(id));
  });
});

describe('work that Temporal refuses for good', () => {
  it('becomes a dead letter and holds up nothing else', async () => {
    const event = contactCreate();
    await world.ownerDb
      .insertInto('event_capabilities')
      .values({
        cause_id: randomUUID(),
        agency_id: world.agency.agencyId,
        location_id: world.agency.master.id,
        fairness_key: world.agency.master.id,
        capability: 'lead-follow-up',
        ordering_key: 'lead:broken',
        workflow_id: 'lead-intake/broken',
        input: JSON.stringify({ not: 'what it should be' }),
        state: 'pending',
        due_at: new Date(),
      })
      .execute();
    await world.deliver(event).expect(200);
    await nothingPending();
    const letters = await world.ownerDb
      .selectFrom('dead_letters')
      .selectAll()
      .where('workflow_id', '=', 'lead-intake/broken')
      .execute();
    expect(letters).toMatchObject([{ capability: 'lead-follow-up', cause: 'handover:ZodError' }]);
    expect(world.client.handovers.map((each) => each.leadId)).toContain(await leadIdOf(event.id));
  });

  it('is tried again before it is given up', async () => {
    world.client.startError = new Error('unforeseen');
    const event = contactCreate();
    await world.deliver(event).expect(200);
    await waitToPass(async () => expect((await pending())[0]?.last_error).toBe('Error'));
    world.client.startError = undefined;
    await nothingPending();
    expect(world.client.handovers.map((each) => each.leadId)).toContain(await leadIdOf(event.id));
  });
});
