import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import type { AgencyPlan, RepPlan } from '../../scripts/demo/agency-plan.ts';
import { type ActivityBench, run, startActivityBench } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { type BenchAgency, createBenchAgency } from './bench-agency.ts';

let bench: ActivityBench;
beforeAll(async () => {
  bench = await startActivityBench();
});
afterAll(() => bench.stop());

const rep = (key: string, more: Partial<RepPlan> = {}): RepPlan => ({
  key,
  firstName: `Jory-${key}`,
  lastName: 'Quistgaard',
  ...more,
});

/** Two locations a few miles apart below a region that takes what is left over. */
const plan = (key: string, first: object, reps: RepPlan[], second: object = {}): AgencyPlan => ({
  key,
  name: key,
  locations: [
    { key: 'master', kind: 'master', parentKey: null, name: 'Head', postcode: '10001', reps: [] },
    { key: 'east', kind: 'region', parentKey: 'master', name: 'East', postcode: '10001', reps: [rep('desk')] },
    { key: 'near', kind: 'location', parentKey: 'east', name: 'Near', postcode: '02116', ...first, reps },
    {
      key: 'far',
      kind: 'location',
      parentKey: 'east',
      name: 'Far',
      postcode: '02139',
      ...second,
      reps: [rep('eve'), rep('fay', { maxOpenLeads: 2 })],
    },
  ],
});
const plant = async (given: AgencyPlan): Promise<BenchAgency> =>
  createBenchAgency(bench, given.key, await bench.plant(given));

/** How many slots of each location and rep are held, by our ids. */
async function countHeld(agency: BenchAgency): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; held: number }>`
    select unnest(array[location_id, rep_id]) as id, count(*)::int as held from assignments
    where agency_id = ${agency.agencyId} and state <> 'released' group by 1
  `.execute(bench.database.ownerDb);
  return new Map(rows.rows.map((row) => [row.id, row.held]));
}

const receive = (agency: BenchAgency, count: number) =>
  Promise.all(Array.from({ length: count }, () => agency.received(somebody('02116'))));
const routeAll = (leads: { agencyId: string; leadId: string }[]) =>
  Promise.all(leads.map((lead) => run(bench.leads.routeLead, { ...lead, reroute: false })));

describe('the caps', () => {
  it('hold while twenty leads are routed at the same moment, and no slot stays free', async () => {
    const agency = await plant(
      plan('caps', { maxOpenLeads: 4 }, [rep('ann', { maxOpenLeads: 3 }), rep('bob', { maxOpenLeads: 3 })], {
        maxOpenLeads: 5,
      }),
    );
    const caps = { near: 4, far: 5, ann: 3, bob: 3, fay: 2 };
    const idOf = (name: string): string => (['near', 'far'].includes(name) ? agency.location(name) : agency.rep(name));
    const leads = await receive(agency, 20);
    let isOver = false;
    const routing = routeAll(leads).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const held = await countHeld(agency);
      for (const [name, cap] of Object.entries(caps)) expect(held.get(idOf(name)) ?? 0).toBeLessThanOrEqual(cap);
    }
    await routing;
    const held = await countHeld(agency);
    expect(held.get(agency.location('near'))).toBe(4);
    expect(held.get(agency.location('far'))).toBe(5);
    expect(held.get(agency.rep('desk'))).toBe(11);
  });

  it('give the last slot of a reassignment to one of two operators', async () => {
    const agency = await plant(plan('operators', {}, [rep('ann', { maxOpenLeads: 1, weight: 0 }), rep('bob')]));
    const leads = await Promise.all([agency.placed(somebody('02116')), agency.placed(somebody('02116'))]);
    const outcomes = await Promise.all(
      leads.map((lead) => run(bench.leads.reserveReassignment, { ...lead, request: { repId: agency.rep('ann') } })),
    );
    expect(outcomes.map((each) => (each.outcome === 'refused' ? each.reason : 'reserved')).sort()).toEqual([
      'rep-full',
      'reserved',
    ]);
  });

  it('of a day count from the location’s own midnight', async () => {
    const agency = await plant(plan('days', { dailyCap: 1 }, [rep('ann')]));
    const zone = await bench.database.ownerDb
      .selectFrom('locations')
      .select('time_zone')
      .where('id', '=', agency.location('near'))
      .executeTakeFirstOrThrow();
    expect(zone.time_zone).toBe('America/New_York');
    const routeAt = async (at: string): Promise<string> => {
      bench.clock.at = new Date(at);
      const [lead] = await receive(agency, 1);
      const route = await run(bench.leads.routeLead, { ...lead!, reroute: false });
      return route.outcome === 'reserved' ? route.locationId : route.outcome;
    };
    const day = new Date().toISOString().slice(0, 10);
    const at = (hoursUtc: number) => new Date(Date.parse(`${day}T00:00:00Z`) + hoursUtc * 3_600_000).toISOString();
    // New York is four or five hours behind: 03:30 UTC is the evening before, 05:30 the new day there.
    expect(await routeAt(at(2))).toBe(agency.location('near'));
    expect(await routeAt(at(3.5))).toBe(agency.location('far'));
    expect(await routeAt(at(5.5))).toBe(agency.location('near'));
    expect(await routeAt(at(20))).toBe(agency.location('far'));
    bench.clock.at = undefined;
  });

  it('of a day do not count a placement that GHL refused', async () => {
    const agency = await plant(plan('refused', { dailyCap: 1 }, [rep('ann')]));
    const refused = await agency.reserved(somebody('02116'));
    await run(bench.leads.giveUpPlacement, { ...refused, cause: 'GhlForbidden' });
    const next = await agency.reserved(somebody('02116'));
    expect(await agency.assignments(next.leadId)).toMatchObject([{ location_id: agency.location('near') }]);
  });

  it('of a day count leads: one that changes hands in its location is one, and a move that was given up is none', async () => {
    const agency = await plant(
      plan('hands', { dailyCap: 2 }, [rep('ann', { dailyCap: 2 }), rep('bob', { weight: 0 })]),
    );
    let held = await agency.placed(somebody('02116'));
    for (const name of ['bob', 'ann', 'bob', 'ann']) {
      const request = { repId: agency.rep(name), force: true };
      const route = await run(bench.leads.reserveReassignment, { ...held, request });
      if (route.outcome !== 'reserved') continue;
      held = { ...held, assignmentId: route.assignmentId };
      await run(bench.leads.confirmAssignment, held);
    }
    await run(bench.leads.reserveReassignment, { ...held, request: { repId: agency.rep('bob') } });
    await run(bench.leads.recordStepFailure, { ...held, step: 'reassign', cause: 'Test' });
    const next = await agency.reserved(somebody('02116'));
    expect(await agency.assignments(next.leadId)).toMatchObject([
      { location_id: agency.location('near'), rep_id: agency.rep('ann') },
    ]);
    const third = await agency.reserved(somebody('02116'));
    expect(await agency.assignments(third.leadId)).toMatchObject([{ location_id: agency.location('far') }]);
  });
});

describe('the rotation', () => {
  it('holds its weights over many leads, those that come at the same moment too', async () => {
    const reps = [rep('ann', { weight: 3 }), rep('bob', { weight: 2 }), rep('cid'), rep('dora', { weight: 0 })];
    const agency = await plant(plan('weights', {}, reps));
    for (let round = 0; round < 5; round += 1) await routeAll(await receive(agency, 12));
    const held = await countHeld(agency);
    expect(['ann', 'bob', 'cid', 'dora'].map((name) => held.get(agency.rep(name)) ?? 0)).toEqual([30, 20, 10, 0]);
  });
});
