import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { atOnce, expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const countAudited = async (leadId: string, action: string): Promise<number> => {
  const rows = await all.bench.database.ownerDb
    .selectFrom('audit_log')
    .select('id')
    .where('subject', '=', `lead:${leadId}`)
    .where('action', '=', action)
    .execute();
  return rows.length;
};

describe('reserveReassignment', () => {
  it('takes the named rep’s slot once, beside the one held', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const args = { ...held, request: { repId: agency.rep('bob'), actor: 'test' } };
    const route = await expectToRepeat(bench, all, bench.leads.reserveReassignment, args);
    expect(route).toMatchObject({ outcome: 'reserved', repId: agency.rep('bob') });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'active' }, { state: 'reserved' }]);
    expect(await countAudited(held.leadId, 'lead.reassign')).toBe(1);
  });

  it('takes it once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const [first, ...others] = await atOnce(bench.leads.reserveReassignment, {
      ...held,
      request: { repId: agency.rep('bob') },
    });
    for (const other of others) expect(other).toEqual(first);
    expect(await agency.assignments(held.leadId)).toHaveLength(2);
  });

  it('puts a refusal on record once for each request, however often an activity is repeated', async () => {
    const { bench, agency, neighbour } = all;
    const held = await agency.placed(somebody('10011'));
    const args = { ...held, request: { repId: neighbour.rep('ann'), actor: 'test' } };
    const refused = await expectToRepeat(bench, all, bench.leads.reserveReassignment, args);
    expect(refused).toEqual({ outcome: 'refused', reason: 'unknown-rep' });
    expect(await countAudited(held.leadId, 'lead.reassign-refused')).toBe(1);
    await run(bench.leads.reserveReassignment, args);
    expect(await countAudited(held.leadId, 'lead.reassign-refused')).toBe(2);
    await atOnce(bench.leads.reserveReassignment, args);
    expect(await countAudited(held.leadId, 'lead.reassign-refused')).toBe(3);
  });

  it('takes the place of a reservation that an ended workflow has left', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const to = (key: string) =>
      run(bench.leads.reserveReassignment, { ...held, request: { repId: agency.rep(key), force: true } });
    await to('bob');
    expect(await to('ann')).toMatchObject({ outcome: 'reserved', repId: agency.rep('ann') });
    expect(await agency.assignments(held.leadId)).toMatchObject([
      { state: 'active' },
      { state: 'released', release_reason: 'superseded' },
      { state: 'reserved', rep_id: agency.rep('ann') },
    ]);
  });
});

describe('adoptReassignment', () => {
  it('follows once what a person did in GHL, with contact and opportunity, caps or not', async () => {
    const { bench, agency } = all;
    const held = await agency.told({ ...somebody('02116'), lastName: 'Adopted' });
    const { rep_id: before } = await agency.get(held.leadId);
    const to = before === agency.rep('ann') ? 'bob' : 'ann';
    await bench.database.ownerDb
      .updateTable('reps')
      .set({ max_open_leads: 0 })
      .where('id', '=', agency.rep(to))
      .execute();
    const args = { ...held, ghlUserId: agency.ghlUser(to) };
    const standing = await expectToRepeat(bench, all, bench.leads.adoptReassignment, args);
    expect(standing).toMatchObject({ status: 'assigned', repId: agency.rep(to) });
    const [old, now] = await agency.assignments(held.leadId);
    expect(old).toMatchObject({ state: 'released', release_reason: 'moved' });
    expect(now).toMatchObject({ state: 'active', ghl_contact_id: old?.ghl_contact_id });
    expect(now?.ghl_opportunity_id).toBe(old?.ghl_opportunity_id);
    expect(await countAudited(held.leadId, 'lead.reassign')).toBe(1);
  });

  it('follows once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    const { rep_id: before } = await agency.get(held.leadId);
    const ghlUserId = agency.ghlUser(before === agency.rep('ann') ? 'bob' : 'ann');
    await atOnce(bench.leads.adoptReassignment, { ...held, ghlUserId });
    expect(await agency.assignments(held.leadId)).toHaveLength(2);
  });

  it('notes once a GHL user who is no rep there: unknown, removed, or of another location', async () => {
    const { bench, agency, neighbour } = all;
    const { ownerDb } = bench.database;
    for (const ghlUserId of ['nobody', agency.ghlUser('cid'), neighbour.ghlUser('dan')]) {
      const held = await agency.placed(somebody('10011'));
      const standing = await expectToRepeat(bench, all, bench.leads.adoptReassignment, { ...held, ghlUserId });
      expect(standing.repId).toBe(agency.rep('dan'));
      expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'assigned-elsewhere')).toHaveLength(1);
    }
    const held = await agency.placed(somebody('02116'));
    const { rep_id: before } = await agency.get(held.leadId);
    const other = before === agency.rep('ann') ? 'bob' : 'ann';
    const setStatus = (status: 'active' | 'removed') =>
      ownerDb.updateTable('reps').set({ status }).where('id', '=', agency.rep(other)).execute();
    await setStatus('removed');
    const args = { ...held, ghlUserId: agency.ghlUser(other) };
    expect((await run(bench.leads.adoptReassignment, args)).repId).toBe(before);
    await setStatus('active');
  });

  it('changes nothing when GHL shows nobody, or the rep of the lead', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    for (const ghlUserId of [null, agency.ghlUser('dan')]) {
      const standing = await expectToRepeat(bench, all, bench.leads.adoptReassignment, { ...held, ghlUserId });
      expect(standing).toMatchObject({ repId: agency.rep('dan'), assignmentId: held.assignmentId });
    }
    expect(await agency.timeline(held.leadId)).toEqual(['recognised', 'routed', 'assigned']);
  });
});
