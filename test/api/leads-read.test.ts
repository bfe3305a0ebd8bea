import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestAgency } from './agency.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
  // A second ago may be last month, for which a fresh database has no partition.
  await sql`select ensure_month_partitions((now() - interval '1 month')::date, 1)`.execute(world.ownerDb);
});
afterAll(() => world.close());

const get = (path: string, key = world.agency.keys.agency) =>
  world.http.get(path).set('authorization', `Bearer ${key}`);

interface LeadOptions {
  agency?: TestAgency;
  locationId?: string | null;
  receivedAt?: Date;
}

/** A lead with person, decision, assignment and timeline, as the workflow leaves it. */
async function addLead(options: LeadOptions = {}): Promise<string> {
  const { agency = world.agency, receivedAt = new Date() } = options;
  const { locationId = agency.branch.id } = options;
  const { ownerDb } = world;
  const id = uuidv7();
  const personId = uuidv7();
  const tenant = { agency_id: agency.agencyId };
  await ownerDb
    .insertInto('persons')
    .values({
      ...tenant,
      id: personId,
      first_name: 'Annabeth',
      last_name: null,
      email: `${id}@example.com`,
      phone: null,
    })
    .execute();
  await ownerDb
    .insertInto('leads')
    .values({
      ...tenant,
      id,
      intake_location_id: agency.master.id,
      location_id: locationId,
      rep_id: locationId === null ? null : agency.rep.id,
      person_id: personId,
      state: locationId === null ? 'received' : 'assigned',
      source: 'api',
      event_row_id: uuidv7(),
      event_received_at: receivedAt,
      received_at: receivedAt,
    })
    .execute();
  if (locationId === null) return id;
  await ownerDb
    .insertInto('decisions')
    .values({
      ...tenant,
      id: uuidv7(),
      lead_id: id,
      location_id: locationId,
      rep_id: agency.rep.id,
      kind: 'route',
      outcome: 'assigned',
      step: 'nearest',
      reason: 'nearest-with-room',
      rule_version: 'test',
      inputs: JSON.stringify({ postcode: '94107' }),
      candidates: JSON.stringify([{ locationId, reason: 'chosen' }]),
    })
    .execute();
  await ownerDb
    .insertInto('lead_timeline')
    .values([
      {
        ...tenant,
        id: uuidv7(),
        lead_id: id,
        at: new Date(Date.now() - 1_000),
        kind: 'recognised',
        detail: JSON.stringify({ isKnown: false }),
      },
      {
        ...tenant,
        id: uuidv7(),
        lead_id: id,
        kind: 'routed',
        detail: JSON.stringify({ locationId, repId: agency.rep.id }),
      },
    ])
    .execute();
  return id;
}

describe('GET /v1/leads/:id', () => {
  it('tells state, person, decision with candidates, and timeline', async () => {
    const id = await addLead();
    const answer = await get(`/v1/leads/${id}`).expect(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toMatchObject({
      id,
      state: 'assigned',
      locationId: world.agency.branch.id,
      person: { firstName: 'Annabeth', email: `${id}@example.com` },
      decision: { step: 'nearest', inputs: { postcode: '94107' }, candidates: [{ reason: 'chosen' }] },
      timeline: [{ kind: 'recognised' }, { kind: 'routed', detail: { locationId: world.agency.branch.id } }],
    });
  });

  it('hides candidates from a location, and where else a lead went', async () => {
    const id = await addLead();
    const own = await get(`/v1/leads/${id}`, world.agency.keys.branch).expect(200);
    expect(own.body).toMatchObject({ person: { firstName: 'Annabeth' }, decision: { step: 'nearest' } });
    expect((own.body as { decision: object }).decision).not.toHaveProperty('candidates');
    expect((own.body as { decision: object }).decision).not.toHaveProperty('inputs');
    const intake = await get(`/v1/leads/${id}`, world.agency.keys.master).expect(200);
    expect(intake.body).toMatchObject({ decision: null, timeline: [{}, { kind: 'routed', detail: {} }] });
  });

  it("answers 404 to another tenant's lead, another location's, an unknown id and what is no id", async () => {
    const id = await addLead();
    const foreign = await addLead({ agency: world.neighbour });
    const atMaster = await addLead({ locationId: world.agency.master.id });
    await get(`/v1/leads/${foreign}`).expect(404);
    await get(`/v1/leads/${id}`, world.neighbour.keys.agency).expect(404);
    await get(`/v1/leads/${atMaster}`, world.agency.keys.branch).expect(404);
    await get(`/v1/leads/${randomUUID()}`).expect(404);
    await get(`/v1/leads/what-is-this`).expect(404);
    await world.http.get(`/v1/leads/${id}`).expect(401);
  });
});

describe('GET /v1/leads', () => {
  interface Page {
    leads: { id: string }[];
    nextCursor: string | null;
  }
  const page = async (query: string, key?: string): Promise<Page> =>
    (await get(`/v1/leads?${query}`, key).expect(200)).body as Page;

  it('gives each lead once over all pages, newest first, also of one millisecond', async () => {
    const receivedAt = new Date('2026-03-01T12:00:00.123Z');
    const ids = [];
    for (let count = 0; count < 7; count += 1) ids.push(await addLead({ receivedAt }));
    const range = 'receivedFrom=2026-03-01T00:00:00Z&receivedTo=2026-03-02T00:00:00Z&limit=3';
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { leads, nextCursor } = await page(`${range}${cursor}`);
      seen.push(...leads.map((lead) => lead.id));
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(seen).toEqual([...ids].sort().reverse());
  });

  it('filters by state, location, rep and time, and shows nothing of the person', async () => {
    const receivedAt = new Date('2026-04-01T12:00:00Z');
    const range = 'receivedFrom=2026-04-01T12:00:00Z&receivedTo=2026-04-01T12:00:01Z';
    const assigned = await addLead({ receivedAt });
    const received = await addLead({ receivedAt, locationId: null });
    const idsOf = async (query: string) => (await page(`${range}&${query}`)).leads.map((lead) => lead.id);
    expect(await idsOf('state=assigned')).toEqual([assigned]);
    expect(await idsOf('state=received')).toEqual([received]);
    expect(await idsOf(`locationId=${world.agency.branch.id}`)).toEqual([assigned]);
    expect(await idsOf(`repId=${world.agency.rep.id}`)).toEqual([assigned]);
    expect(await idsOf(`locationId=${world.neighbour.branch.id}`)).toEqual([]);
    const text = (await get(`/v1/leads?${range}`)).text;
    expect(text).not.toMatch(/Ann|example\.com/);
  });

  it('shows a location its own leads and an agency none of another', async () => {
    const mine = await addLead();
    const foreign = await addLead({ agency: world.neighbour });
    const ids = async (key: string) => (await page('limit=200', key)).leads.map((lead) => lead.id);
    expect(await ids(world.agency.keys.branch)).toContain(mine);
    expect(await ids(world.neighbour.keys.agency)).toContain(foreign);
    expect(await ids(world.neighbour.keys.agency)).not.toContain(mine);
    expect(await ids(world.agency.keys.agency)).not.toContain(foreign);
  });

  it.each([
    'limit=0',
    'limit=201',
    'state=new',
    'cursor=nonsense',
    'locationId=1',
    'receivedFrom=yesterday',
    'what=ever',
  ])('refuses %s', async (query) => {
    const answer = await get(`/v1/leads?${query}`).expect(400);
    expect(answer.body).toMatchObject({ code: 'invalid-query' });
  });
});
