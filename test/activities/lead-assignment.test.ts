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

describe('confirmAssignment', () => {
  it('makes the reservation count once', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    const standing = await expectToRepeat(bench, all, bench.leads.confirmAssignment, held);
    expect(standing).toMatchObject({ status: 'assigned', repId: agency.rep('dan'), assignmentId: held.assignmentId });
    expect(await agency.timeline(held.leadId)).toEqual(['recognised', 'routed', 'assigned']);
  });

  it('makes it count once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    const [first, ...others] = await atOnce(bench.leads.confirmAssignment, held);
    for (const other of others) expect(other).toEqual(first);
    expect(await agency.timeline(held.leadId)).toEqual(['recognised', 'routed', 'assigned']);
  });

  it('gives the slot of the rep before back', async () => {
    const { bench, agency } = all;
    const before = await agency.placed(somebody('10011'));
    const request = { repId: agency.rep('bob') };
    const route = await run(bench.leads.reserveReassignment, { ...before, request });
    const assignmentId = route.outcome === 'reserved' ? route.assignmentId : 'none';
    await expectToRepeat(bench, all, bench.leads.confirmAssignment, { ...before, assignmentId });
    expect(await agency.assignments(before.leadId)).toMatchObject([
      { id: before.assignmentId, state: 'released', release_reason: 'moved' },
      { id: assignmentId, state: 'active', rep_id: agency.rep('bob') },
    ]);
  });

  it('tells how long the lead took to its first rep: once, of no later rep and of no queue', async () => {
    const { bench, agency } = all;
    bench.assignedAfterMs.length = 0;
    const held = await agency.reserved(somebody('10011'));
    await expectToRepeat(bench, all, bench.leads.confirmAssignment, held);
    expect(bench.assignedAfterMs).toEqual([expect.any(Number)]);
    expect(bench.assignedAfterMs[0]).toBeGreaterThan(0);
    const route = await run(bench.leads.reserveReassignment, { ...held, request: { repId: agency.rep('bob') } });
    const assignmentId = route.outcome === 'reserved' ? route.assignmentId : 'none';
    await run(bench.leads.confirmAssignment, { ...held, assignmentId });
    await run(bench.leads.confirmAssignment, await agency.reserved(somebody('nowhere')));
    expect(bench.assignedAfterMs).toHaveLength(1);
  });

  it('leaves a lead closed that was closed meanwhile', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    await run(bench.leads.closeLead, { ...held, closeReason: 'lost', actor: 'test' });
    const standing = await expectToRepeat(bench, all, bench.leads.confirmAssignment, held);
    expect(standing).toMatchObject({ status: 'closed', closeReason: 'lost', assignmentId: null });
  });

  it('puts a lead without a rep in the queue', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('nowhere'));
    const standing = await expectToRepeat(bench, all, bench.leads.confirmAssignment, held);
    expect(standing).toMatchObject({ status: 'queued', repId: null, locationId: agency.location('master') });
  });
});

describe('giveUpPlacement', () => {
  it('gives the slot back and leaves one dead letter', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    await expectToRepeat(bench, all, bench.leads.giveUpPlacement, { ...held, cause: 'GhlForbidden' });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'released', release_reason: 'not-placed' }]);
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === held.leadId);
    expect(letters).toMatchObject([{ cause: `placement:GhlForbidden:${agency.location('chelsea')}` }]);
  });

  it('gives up once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    await atOnce(bench.leads.giveUpPlacement, { ...held, cause: 'GhlInvalid' });
    expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'not-placed')).toHaveLength(1);
  });

  it('changes nothing of an assignment that counts already', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    await expectToRepeat(bench, all, bench.leads.giveUpPlacement, { ...held, cause: 'GhlForbidden' });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'active' }]);
  });
});

describe('recordUntold', () => {
  it('tells an operator once of each cause', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    await expectToRepeat(bench, all, bench.leads.recordUntold, { ...held, cause: 'GhlForbidden' });
    await atOnce(bench.leads.recordUntold, { ...held, cause: 'GhlInvalid' });
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === held.leadId);
    expect(letters.map((letter) => letter.cause).sort()).toEqual([
      `untold:GhlForbidden:${held.assignmentId}`,
      `untold:GhlInvalid:${held.assignmentId}`,
    ]);
    expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'not-told')).toHaveLength(2);
  });
});

describe('recordUnroutable', () => {
  it('tells an operator once, and frees a slot that waited for GHL', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('10011'));
    await expectToRepeat(bench, all, bench.leads.recordUnroutable, { ...held, cause: 'EnquiryUnreadable' });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'released', release_reason: 'unroutable' }]);
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === held.leadId);
    expect(letters.map((letter) => letter.cause)).toEqual(['unroutable:EnquiryUnreadable']);
  });
});

describe('recordCancelled', () => {
  it('frees a slot that waited for GHL, and tells an operator once', async () => {
    const { bench, agency } = all;
    const held = await agency.reserved(somebody('02116'));
    await expectToRepeat(bench, all, bench.leads.recordCancelled, held);
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'released', release_reason: 'cancelled' }]);
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === held.leadId);
    expect(letters).toMatchObject([{ cause: 'stuck' }]);
  });

  it('leaves a lead its rep, and says nothing of one that is over', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('02116'));
    await expectToRepeat(bench, all, bench.leads.recordCancelled, held);
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'active' }]);
    const over = await agency.placed(somebody('02116'));
    await run(bench.leads.closeLead, { ...over, closeReason: 'won', actor: 'test' });
    await expectToRepeat(bench, all, bench.leads.recordCancelled, over);
    expect((await agency.letters()).filter((letter) => letter.subject_id === over.leadId)).toEqual([]);
  });
});

describe('recordStepFailure', () => {
  it('tells an operator once of each step and cause, and leaves the lead as it is', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const before = await agency.get(held.leadId);
    for (const step of ['close', 'change']) {
      await expectToRepeat(bench, all, bench.leads.recordStepFailure, { ...held, step, cause: 'Postgres23514' });
    }
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === held.leadId);
    expect(letters.map((letter) => letter.cause).sort()).toEqual([
      'step:change:Postgres23514',
      'step:close:Postgres23514',
    ]);
    expect(letters[0]?.location_id).toBe(agency.location('chelsea'));
    expect(await agency.get(held.leadId)).toEqual(before);
  });
});

describe('acceptLead', () => {
  it('stops the clock of acceptance once', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const standing = await expectToRepeat(bench, all, bench.leads.acceptLead, { ...held, actor: 'test' });
    expect(standing).toMatchObject({ status: 'accepted', assignmentId: held.assignmentId });
    expect((await agency.assignments(held.leadId))[0]?.accepted_at).toBeInstanceOf(Date);
  });

  it('stops it once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    await atOnce(bench.leads.acceptLead, { ...held, actor: 'test' });
    expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'accepted')).toHaveLength(1);
  });

  it('changes nothing of a lead without a rep', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('nowhere'));
    const standing = await expectToRepeat(bench, all, bench.leads.acceptLead, { ...held, actor: 'test' });
    expect(standing.status).toBe('queued');
  });
});
