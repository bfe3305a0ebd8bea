import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenStore } from '../../db/installs.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const connected = { kind: 'location-connected' as const };
const setCompany = (status: 'active' | 'needs_reauth') =>
  all.bench.database.ownerDb
    .updateTable('installs')
    .set({ status })
    .where('agency_id', '=', all.agency.agencyId)
    .where('location_id', 'is', null)
    .execute();

describe('an agency whose authority is gone', () => {
  it('keeps new leads in the queue without asking GHL, and each is routed when it is connected again', async () => {
    const { bench, agency } = all;
    await setCompany('needs_reauth');
    await bench.simulator.resetCalls();
    const held = await agency.reserved(somebody('02116'));
    const route = await run(bench.leads.routeLead, { ...held, reroute: false });
    expect(route).toMatchObject({ outcome: 'reserved', repId: null, isPlaceable: false });
    await run(bench.leads.confirmAssignment, held);
    const apply = () => run(bench.leads.applyChange, { ...held, change: connected });
    expect(await apply()).toMatchObject({ action: 'none', standing: { status: 'queued' } });
    await setCompany('active');
    expect(await apply()).toEqual({ action: 'reroute' });
    expect(Object.keys((await bench.simulator.getCalls()).counts)).toEqual([]);
    const moved = await run(bench.leads.routeLead, { ...held, reroute: true });
    expect(moved).toMatchObject({ outcome: 'reserved', locationId: agency.location('back-bay'), isPlaceable: true });
  });

  it('moves no lead that somebody has', async () => {
    const { bench, agency } = all;
    const assigned = await agency.placed(somebody('02116'));
    expect(await run(bench.leads.applyChange, { ...assigned, change: connected })).toMatchObject({ action: 'none' });
  });

  it('lets what a lead’s location is still to be told wait, and sends a placement on at once', async () => {
    const { bench, agency } = all;
    const placed = await agency.placed(somebody('02116'));
    const reserved = await agency.reserved(somebody('02116'));
    const store = createTokenStore(bench.database.db, bench.keys);
    const locationId = agency.location('back-bay');
    const install = (await store.findInstall({ agencyId: agency.agencyId, locationId }))!;
    await store.markNeedsReauth(install, 'grant-refused', new Date());
    const waits = { type: 'GhlAuthExpired', nonRetryable: false };
    expect(await failureOf(run(bench.ghl.explainLead, placed))).toMatchObject(waits);
    expect(await failureOf(run(bench.ghl.notifyRep, placed))).toMatchObject(waits);
    const refused = await failureOf(run(bench.ghl.placeLead, reserved));
    expect(refused).toMatchObject({ type: 'GhlAuthExpired', nonRetryable: true });
    await run(bench.leads.giveUpPlacement, { ...reserved, cause: refused.type! });
    const [slot] = await agency.assignments(reserved.leadId);
    expect(slot).toMatchObject({ state: 'released', release_reason: 'disconnected' });
    expect((await agency.letters()).map(({ cause }) => cause)).toEqual(['needs-reauth:grant-refused']);
    const next = await run(bench.leads.routeLead, { ...reserved, reroute: false });
    expect(next).toMatchObject({ outcome: 'reserved' });
    expect(next).not.toMatchObject({ locationId });
  });
});
