import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let system: LiveSystem;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startLiveSystem();
  leads = createLeadHarness(system, await system.plant(smallAgency('one'), system.webhookUrl));
});
afterAll(() => system.stop());

describe('the REST of leads', () => {
  it('takes a lead, tells its decision and timeline, reassigns, accepts and closes it', async () => {
    const key = await system.makeKey(leads.agencyId, 'agency');
    const made = await system.ask('POST', '/v1/leads', key, somebody('02116'), { 'idempotency-key': 'rest-1' });
    expect(made.status).toBe(201);
    const leadId = String(made.body['id']);
    await leads.inState(leadId, 'assigned');
    const shown = await system.ask('GET', `/v1/leads/${leadId}`, key);
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).toContain('nearest-location');
    const { rep_id: repId } = (await leads.get(leadId))!;
    const same = await system.ask('POST', `/v1/leads/${leadId}/reassign`, key, { repId });
    expect(same).toMatchObject({ status: 409, body: { code: 'same-rep' } });
    const other = repId === leads.rep('ann') ? 'bob' : 'ann';
    expect((await system.ask('POST', `/v1/leads/${leadId}/reassign`, key, { repId: leads.rep(other) })).status).toBe(
      200,
    );
    expect((await system.ask('POST', `/v1/leads/${leadId}/accept`, key, {})).status).toBe(200);
    expect((await system.ask('POST', `/v1/leads/${leadId}/close`, key, { outcome: 'won' })).status).toBe(200);
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'won', rep_id: leads.rep(other) });
    const again = await system.ask('POST', `/v1/leads/${leadId}/close`, key, { outcome: 'lost' });
    expect(again).toMatchObject({ status: 409, body: { code: 'lead-closed' } });
  });

  it('does not know another agency’s lead', async () => {
    const neighbour = await system.plant(smallAgency('two'), system.webhookUrl);
    const key = await system.makeKey(neighbour.agencyId, 'agency');
    const leadId = await leads.start(somebody('02116'));
    await leads.inState(leadId, 'assigned');
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/reassign'],
      ['POST', '/accept'],
      ['POST', '/close'],
    ] as const) {
      const body = method === 'GET' ? undefined : { repId: leads.rep('ann'), outcome: 'lost' };
      expect((await system.ask(method, `/v1/leads/${leadId}${path}`, key, body)).status).not.toBe(200);
    }
    expect((await system.ask('GET', `/v1/leads/${leadId}`, key)).status).toBe(404);
    const listed = await system.ask('GET', '/v1/leads', key);
    expect(JSON.stringify(listed.body)).not.toContain(leadId);
  });
});
