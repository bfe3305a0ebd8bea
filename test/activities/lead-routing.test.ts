import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { atOnce, expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

describe('routeLead', () => {
  it('takes one slot, however often it is repeated', async () => {
    const { bench, agency } = all;
    const lead = await agency.received(somebody('10011'));
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('dan'), isPlaceable: true });
    expect(await agency.assignments(lead.leadId)).toMatchObject([{ state: 'reserved', rep_id: agency.rep('dan') }]);
    expect(await agency.timeline(lead.leadId)).toEqual(['recognised', 'routed']);
  });

  it('takes one slot when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const lead = await agency.received(somebody('10011'));
    const [first, ...others] = await atOnce(bench.leads.routeLead, { ...lead, reroute: false });
    for (const other of others) expect(other).toEqual(first);
    expect(await agency.assignments(lead.leadId)).toHaveLength(1);
    expect(await agency.timeline(lead.leadId)).toEqual(['recognised', 'routed']);
  });

  it('finds the slot again that is confirmed already, as after a reset of the workflow', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...held, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', assignmentId: held.assignmentId });
    expect(await agency.assignments(held.leadId)).toHaveLength(1);
  });

  it('finds another rep once when it is to route again', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...held, reroute: true });
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('east-desk') });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'active' }, { state: 'reserved' }]);
  });

  it('joins a lead to the open one of the same person, once', async () => {
    const { bench, agency } = all;
    const person = somebody('10011');
    const open = await agency.placed(person);
    const again = await agency.received(person);
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...again, reroute: false });
    expect(route).toMatchObject({ outcome: 'closed', standing: { status: 'closed', closeReason: 'duplicate' } });
    expect(await agency.assignments(again.leadId)).toEqual([]);
    expect((await agency.timeline(open.leadId)).filter((kind) => kind === 'asked-again')).toHaveLength(1);
  });

  it('lets exactly one of two leads of one person stay open when both come at the same moment', async () => {
    const { bench, agency } = all;
    const person = somebody('10011');
    const both = await Promise.all([agency.received(person), agency.received(person)]);
    const routes = await Promise.all(both.map((lead) => run(bench.leads.routeLead, { ...lead, reroute: false })));
    expect(routes.map((route) => route.outcome).sort()).toEqual(['closed', 'reserved']);
  });

  it('does not join a lead to the neighbour’s lead of the same person', async () => {
    const { bench, agency, neighbour } = all;
    const person = { ...somebody('10011'), phone: '(212) 555-0177' };
    await neighbour.placed(person);
    const lead = await agency.received(person);
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    expect(route.outcome).toBe('reserved');
  });

  it('takes a location of the neighbour that is asked for as unknown', async () => {
    const { bench, agency, neighbour } = all;
    const lead = await agency.received({ ...somebody('10011'), locationId: neighbour.location('back-bay') });
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('dan') });
  });

  it('says that GHL cut the payload, and stores nothing until the contact has been read', async () => {
    const { bench, agency } = all;
    const lead = await agency.cut('some-contact');
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    expect(route).toEqual({ outcome: 'cut', intakeLocationId: agency.location('master') });
    expect(await agency.timeline(lead.leadId)).toEqual([]);
  });

  it('leaves nothing to be written where the master is not connected to GHL', async () => {
    const { bench, agency } = all;
    const id = agency.location('master');
    const change = (ghlLocationId: string | null) =>
      bench.database.ownerDb
        .updateTable('locations')
        .set({ ghl_location_id: ghlLocationId })
        .where('id', '=', id)
        .execute();
    await change(null);
    const lead = await agency.received(somebody('nowhere'));
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...lead, reroute: false });
    await change(agency.ghlLocation('master'));
    expect(route).toMatchObject({ outcome: 'reserved', locationId: id, repId: null, isPlaceable: false });
  });

  it('does not write to a master’s GHL again that has refused the lead, also as a repeat', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('nowhere'));
    await run(bench.leads.giveUpPlacement, { ...held, cause: 'GhlForbidden' });
    const route = await expectToRepeat(bench, all, bench.leads.routeLead, { ...held, reroute: false });
    expect(route).toMatchObject({ locationId: agency.location('master'), isPlaceable: false });
  });

  it('refuses for good a lead whose event is gone or holds no enquiry, without quoting it', async () => {
    const { bench, agency } = all;
    const gone = await agency.received(somebody('10011'));
    const odd = await agency.received({ firstName: 'Zachary', phone: '617-555-0111', misspelt: 'Zachary' });
    const route = (lead: { leadId: string }) =>
      failureOf(run(bench.leads.routeLead, { agencyId: agency.agencyId, leadId: lead.leadId, reroute: false }));
    await bench.database.ownerDb
      .updateTable('events')
      .set({ body: null })
      .where('id', '=', (await agency.get(gone.leadId)).event_row_id)
      .execute();
    expect(await route(gone)).toMatchObject({ type: 'LeadEventGone', nonRetryable: true });
    const failure = await route(odd);
    expect(failure).toMatchObject({ type: 'EnquiryUnreadable', nonRetryable: true });
    expect(failure.message).not.toMatch(/Zachary|555/);
  });

  it('refuses for good a body that is no JSON, without quoting it', async () => {
    const { bench, agency } = all;
    const lead = await agency.received(somebody('10011'));
    await agency.replaceBody(lead.leadId, '{"firstName":"Zachary","phone":"617-555-0111"');
    const failure = await failureOf(run(bench.leads.routeLead, { ...lead, reroute: false }));
    expect(failure).toMatchObject({ type: 'StoredBodyUnreadable', nonRetryable: true });
    expect(`${failure.message} ${failure.stack}`).not.toMatch(/Zachary|555/);
  });
});
