import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LeadOverError, LeadPendingError, LeadRefusedError } from '../../client.ts';
import { UnknownKeyVersionError } from '../../crypto/key-ring.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.client.asked = [];
  world.client.updateError = undefined;
  world.client.isAway = false;
});

async function addLead(
  state: 'received' | 'assigned' | 'closed' = 'assigned',
  closeReason: string | null = null,
): Promise<string> {
  const { agencyId, master, branch } = world.agency;
  const id = uuidv7();
  await world.ownerDb
    .insertInto('leads')
    .values({
      id,
      agency_id: agencyId,
      intake_location_id: master.id,
      location_id: state === 'received' ? null : branch.id,
      state,
      closed_at: state === 'closed' ? new Date() : null,
      close_reason: closeReason,
      source: 'api',
      event_row_id: uuidv7(),
      event_received_at: new Date(),
    })
    .execute();
  return id;
}
const post = (path: string, body: object = {}, key = world.agency.keys.agency) =>
  world.http.post(`/v1/leads/${path}`).set('authorization', `Bearer ${key}`).send(body);
const reassign = (id: string, body: object = { repId: world.agency.rep.id }, key?: string) =>
  post(`${id}/reassign`, body, key);

describe('POST /v1/leads/:id/reassign', () => {
  it('asks the workflow in the name of the key and answers how the lead stands', async () => {
    const id = await addLead();
    const answer = await reassign(id, { repId: world.agency.rep.id, force: true, reason: 'on-holiday' }).expect(200);
    expect(answer.body).toMatchObject({ id, status: 'assigned' });
    const [asked] = world.client.asked;
    expect(asked).toMatchObject({
      method: 'reassignLead',
      request: { repId: world.agency.rep.id, force: true, reason: 'on-holiday' },
    });
    expect((asked!.request as { actor: string }).actor).toMatch(/^api-key:[0-9a-f-]{36}$/);
  });

  it('is one request however often its Idempotency-Key comes', async () => {
    const id = await addLead();
    for (const _ of [1, 2]) await reassign(id).set('idempotency-key', 'once').expect(200);
    await reassign(id).expect(200);
    const ids = world.client.asked.map((asked) => asked.updateId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('tells the reason of a refusal', async () => {
    world.client.updateError = new LeadRefusedError('rep-full');
    const answer = await reassign(await addLead()).expect(409);
    expect(answer.body).toMatchObject({ code: 'rep-full', status: 409 });
  });

  it('answers 202 when the workflow has taken it up and still waits', async () => {
    const id = await addLead();
    world.client.updateError = new LeadPendingError();
    for (const [path, body] of Object.entries({
      reassign: { repId: world.agency.rep.id },
      accept: {},
      close: { outcome: 'won' },
    })) {
      const answer = await post(`${id}/${path}`, body).expect(202);
      expect(answer.body).toEqual({ id, pending: true });
      expect(answer.headers['location']).toBe(`/v1/leads/${id}`);
    }
  });

  it('answers 503 when the answer is sealed with a key that this process was not given', async () => {
    world.client.updateError = new UnknownKeyVersionError(2);
    const answer = await reassign(await addLead()).expect(503);
    expect(answer.body).toMatchObject({ code: 'unknown-key-version' });
    expect(answer.headers['retry-after']).toBe('30');
  });

  it("refuses an unknown rep and another tenant's alike", async () => {
    const id = await addLead();
    for (const repId of [randomUUID(), world.neighbour.rep.id]) {
      const answer = await reassign(id, { repId }).expect(422);
      expect(answer.body).toMatchObject({ code: 'unknown-rep' });
    }
    await reassign(id, { repId: 'Bob' }).expect(422);
    await reassign(id, { repId: world.agency.rep.id, reason: 'Ann is ill' }).expect(422);
    expect(world.client.asked).toEqual([]);
  });

  it("answers 404 to another tenant's lead, and 403 to a location whose lead has gone elsewhere", async () => {
    const id = await addLead();
    await reassign(id, { repId: world.neighbour.rep.id }, world.neighbour.keys.agency).expect(404);
    const answer = await reassign(id, undefined, world.agency.keys.master).expect(403);
    expect(answer.body).toMatchObject({ code: 'lead-in-other-location' });
    await reassign(id, undefined, world.agency.keys.branch).expect(200);
  });

  it('answers 409 for a lead that is over or has not been started, and 503 while Temporal is away', async () => {
    const closed = await reassign(await addLead('closed')).expect(409);
    expect(closed.body).toMatchObject({ code: 'lead-closed' });
    world.client.updateError = new LeadOverError();
    const waiting = await addLead('received');
    const work = {
      agency_id: world.agency.agencyId,
      fairness_key: world.agency.agencyId,
      input: '{}',
      state: 'pending' as const,
    };
    await world.ownerDb
      .insertInto('event_capabilities')
      .values({
        ...work,
        cause_id: uuidv7(),
        location_id: null,
        capability: 'lead-intake',
        ordering_key: `lead:${waiting}`,
        workflow_id: waiting,
        due_at: new Date(Date.now() + 3_600_000),
      })
      .execute();
    world.client.fate = 'unknown';
    const early = await reassign(waiting).expect(409);
    expect(early.body).toMatchObject({ code: 'lead-not-started' });
    expect(early.headers['retry-after']).toBeDefined();
    world.client.isAway = true;
    const away = await reassign(await addLead()).expect(503);
    expect(away.headers['retry-after']).toBeDefined();
  });
});

describe('a lead whose workflow is gone', () => {
  const lettersOf = (id: string) =>
    world.ownerDb.selectFrom('dead_letters').selectAll().where('subject_id', '=', id).execute();

  it.each([
    ['broken', 'assigned'],
    ['broken', 'received'],
    // It ended so long ago that Temporal has forgotten it.
    ['unknown', 'assigned'],
    ['unknown', 'received'],
  ] as const)('(%s, %s) is stuck, and an operator hears of it once', async (fate, state) => {
    world.client.updateError = new LeadOverError();
    world.client.fate = fate;
    const id = await addLead(state);
    for (const _ of [1, 2]) {
      const answer = await post(`${id}/accept`).expect(409);
      expect(answer.body).toMatchObject({ code: 'lead-stuck', detail: expect.stringContaining('operator') as string });
    }
    expect(await lettersOf(id)).toMatchObject([{ cause: 'stuck', agency_id: world.agency.agencyId }]);
  });

  it('because it has just been closed is over', async () => {
    const id = await addLead();
    const { acceptLead } = world.client;
    world.client.acceptLead = async () => {
      await world.ownerDb
        .updateTable('leads')
        .set({ state: 'closed', closed_at: new Date() })
        .where('id', '=', id)
        .execute();
      throw new LeadOverError();
    };
    expect((await post(`${id}/accept`).expect(409)).body).toMatchObject({ code: 'lead-closed' });
    world.client.acceptLead = acceptLead;
    expect(await lettersOf(id)).toEqual([]);
  });

  it('tells a failed step apart from a refusal', async () => {
    world.client.updateError = new LeadRefusedError('internal-error');
    expect((await post(`${await addLead()}/close`, { outcome: 'won' }).expect(500)).body).toMatchObject({
      code: 'internal-error',
    });
  });
});

describe('POST /v1/leads/:id/accept and close', () => {
  it('are one request for each Idempotency-Key, and another one than a reassignment with the same key', async () => {
    const id = await addLead();
    for (const _ of [1, 2]) await post(`${id}/accept`).set('idempotency-key', 'once').expect(200);
    await post(`${id}/close`, { outcome: 'won' }).set('idempotency-key', 'once').expect(200);
    const [first, second, third] = world.client.asked.map((asked) => asked.updateId);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  it('ask the workflow', async () => {
    const id = await addLead();
    await post(`${id}/accept`).expect(200);
    await post(`${id}/close`, { outcome: 'won', reason: 'signed' }).expect(200);
    expect(world.client.asked).toMatchObject([
      { method: 'acceptLead' },
      { method: 'closeLead', request: { outcome: 'won', reason: 'signed' } },
    ]);
  });

  it('say again how a lead stands that was closed so, and refuse another outcome', async () => {
    const id = await addLead('closed', 'won');
    const again = await post(`${id}/close`, { outcome: 'won' }).expect(200);
    expect(again.body).toMatchObject({ id, status: 'closed', closeReason: 'won', locationId: world.agency.branch.id });
    expect((await post(`${id}/close`, { outcome: 'lost' }).expect(409)).body).toMatchObject({ code: 'lead-closed' });
    await post(`${id}/close`, { outcome: 'won' }, world.neighbour.keys.agency).expect(404);
    await post(`${id}/close`, { outcome: 'won' }, world.agency.keys.master).expect(403);
    expect(world.client.asked).toEqual([]);
  });

  it('say so too when the lead is closed between the look and the question', async () => {
    const id = await addLead();
    const { closeLead } = world.client;
    world.client.closeLead = async () => {
      const closed = { state: 'closed' as const, close_reason: 'won', closed_at: new Date() };
      await world.ownerDb.updateTable('leads').set(closed).where('id', '=', id).execute();
      throw new LeadRefusedError('lead-closed');
    };
    await post(`${id}/close`, { outcome: 'won' }).expect(200);
    await world.ownerDb.updateTable('leads').set({ state: 'assigned', closed_at: null }).where('id', '=', id).execute();
    await post(`${id}/close`, { outcome: 'lost' }).expect(409);
    world.client.closeLead = closeLead;
  });

  it('refuse an outcome nobody knows, a lead that is over and a stranger', async () => {
    const id = await addLead();
    await post(`${id}/close`, { outcome: 'expired' }).expect(422);
    await post(`${id}/close`, { outcome: 'won' }, world.neighbour.keys.agency).expect(404);
    await post(`${id}/accept`, {}, world.neighbour.keys.agency).expect(404);
    await post(`${await addLead('closed')}/accept`).expect(409);
    await post(`${await addLead('closed')}/close`, { outcome: 'lost' }).expect(409);
    expect(world.client.asked).toEqual([]);
  });
});
