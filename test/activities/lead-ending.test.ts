import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeadChange } from '../../domain/lead-change.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { atOnce, expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const idsOf = async ({ leadId }: HeldLead) => {
  const [assignment] = await all.agency.assignments(leadId);
  return { ghlContactId: assignment!.ghl_contact_id!, ghlOpportunityId: assignment!.ghl_opportunity_id! };
};

describe('closeLead', () => {
  it('ends a lead once and gives its slots back, also the one that is only reserved', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    await run(bench.leads.reserveReassignment, { ...held, request: { repId: agency.rep('bob') } });
    const args = { ...held, closeReason: 'won' as const, actor: 'test' };
    const standing = await expectToRepeat(bench, all, bench.leads.closeLead, args);
    expect(standing).toMatchObject({ status: 'closed', closeReason: 'won', assignmentId: null });
    const states = (await agency.assignments(held.leadId)).map((each) => [each.state, each.release_reason]);
    expect(states).toEqual([
      ['released', 'won'],
      ['released', 'won'],
    ]);
  });

  it('ends it once when five attempts start at the same moment, and the first reason stands', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    await atOnce(bench.leads.closeLead, { ...held, closeReason: 'lost' as const, actor: 'test' });
    const late = await run(bench.leads.closeLead, { ...held, closeReason: 'won', actor: 'late' });
    expect(late.closeReason).toBe('lost');
    expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'closed')).toHaveLength(1);
    const audited = await bench.database.ownerDb
      .selectFrom('audit_log')
      .select('actor')
      .where('subject', '=', `lead:${held.leadId}`)
      .execute();
    expect(audited).toEqual([{ actor: 'test' }]);
  });
});

describe('applyChange', () => {
  it('ends a lead once when its contact, its opportunity or its location is gone', async () => {
    const { bench, agency } = all;
    const endedBy = async (held: HeldLead, change: LeadChange): Promise<unknown> => {
      const first = await run(bench.leads.applyChange, { ...held, change });
      expect(first.action).toBe('closed');
      const later = await expectToRepeat(bench, all, bench.leads.applyChange, { ...held, change });
      return later.action === 'reroute' ? later.action : later.standing.closeReason;
    };
    const withContact = await agency.told(somebody('02116'));
    const { ghlContactId } = await idsOf(withContact);
    expect(await endedBy(withContact, { kind: 'contact-deleted', ghlContactId })).toBe('contact-deleted');
    const withOpportunity = await agency.told(somebody('02116'));
    const ids = await idsOf(withOpportunity);
    expect(await endedBy(withOpportunity, { kind: 'opportunity-ended', status: 'won', ...ids })).toBe('won');
    const inLocation = await agency.placed(somebody('10011'));
    const locationId = agency.location('chelsea');
    expect(await endedBy(inLocation, { kind: 'location-uninstalled', locationId })).toBe('location-uninstalled');
  });

  it('leaves a lead alone that came back, when the event of its leaving comes late', async () => {
    const { bench, agency } = all;
    const held = await agency.told(somebody('02116'));
    const { ghlContactId, ghlOpportunityId } = await idsOf(held);
    const moveTo = async (repKey: string): Promise<void> => {
      const request = { repId: agency.rep(repKey), force: true };
      const route = await run(bench.leads.reserveReassignment, { ...held, request });
      if (route.outcome !== 'reserved') throw new Error(route.reason);
      const moved = { ...held, assignmentId: route.assignmentId };
      await run(bench.ghl.placeLead, moved);
      await run(bench.leads.confirmAssignment, moved);
      await run(bench.ghl.explainLead, moved);
    };
    await moveTo('dan');
    await run(bench.ghl.withdrawLead, held);
    const opportunities = await bench.simulator.listOpportunities(agency.ghlLocation('back-bay'));
    const abandoned = opportunities.find((each) => each.id === ghlOpportunityId)!;
    expect(abandoned.status).toBe('abandoned');
    await moveTo('bob');
    const ended = { kind: 'opportunity-ended' as const, status: 'abandoned' as const, ghlContactId, ghlOpportunityId };
    const late = { ...ended, createdAt: abandoned.createdAt, occurredAt: abandoned.updatedAt };
    expect(await run(bench.leads.applyChange, { ...held, change: late })).toMatchObject({ action: 'none' });
    const again = { ...late, occurredAt: new Date().toISOString() };
    expect(await run(bench.leads.applyChange, { ...held, change: again })).toMatchObject({ action: 'closed' });
  });

  it('answers once more that a lead without its rep is to be routed again, and changes nothing itself', async () => {
    const { bench, agency } = all;
    const held = await agency.placed(somebody('10011'));
    const change = { kind: 'rep-unavailable' as const, repId: agency.rep('dan') };
    expect(await expectToRepeat(bench, all, bench.leads.applyChange, { ...held, change })).toEqual({
      action: 'reroute',
    });
    expect(await agency.assignments(held.leadId)).toMatchObject([{ state: 'active' }]);
  });

  it('changes nothing for a contact, opportunity, rep or location that is not the lead’s, such as the neighbour’s', async () => {
    const { bench, agency, neighbour } = all;
    const held = await agency.told(somebody('02116'));
    const ids = { ghlContactId: 'other', ghlOpportunityId: 'other' };
    const changes = [
      { kind: 'contact-deleted' as const, ghlContactId: 'other' },
      { kind: 'opportunity-ended' as const, status: 'won' as const, ...ids },
      { kind: 'opportunity-deleted' as const, ...ids },
      { kind: 'location-uninstalled' as const, locationId: neighbour.location('back-bay') },
      { kind: 'rep-unavailable' as const, repId: neighbour.rep('ann') },
    ];
    for (const change of changes) {
      const outcome = await expectToRepeat(bench, all, bench.leads.applyChange, { ...held, change });
      expect(outcome).toMatchObject({ action: 'none', standing: { assignmentId: held.assignmentId } });
    }
  });
});
