import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const setInstalls = (status: 'active' | 'needs_reauth') =>
  all.bench.database.ownerDb
    .updateTable('installs')
    .set({ status })
    .where('agency_id', '=', all.agency.agencyId)
    .execute();
const makeContact = async (person: object): Promise<string> =>
  (await all.bench.simulator.createContact({ locationId: all.agency.ghlLocation('east'), ...person })).id;

/** A lead that waits in the queue of a master whose GHL could not be written when it came. */
async function queued(): Promise<HeldLead & { person: object; contactId: string }> {
  const { bench, agency } = all;
  const { postcode: postalCode, ...identity } = somebody('02116');
  const person = { ...identity, postalCode };
  const contactId = await makeContact(person);
  const lead = await agency.cameAs({ id: contactId, ...person }, 'east');
  await setInstalls('needs_reauth');
  const route = await run(bench.leads.routeLead, { ...lead, reroute: false });
  await setInstalls('active');
  if (route.outcome !== 'reserved' || route.isPlaceable) throw new Error('the lead waits in no such queue');
  const held = { ...lead, assignmentId: route.assignmentId };
  await run(bench.leads.confirmAssignment, held);
  return { ...held, person, contactId };
}

describe('a lead in a queue whose contact was merged in the account it came by', () => {
  it('goes on with the contact that is left, and ends when that is deleted', async () => {
    const { bench, agency } = all;
    const { person, contactId: deletedContactId, ...held } = await queued();
    await bench.simulator.deleteContact(deletedContactId);
    const survivor = await makeContact(person);
    const told = { ...held, deletedContactId };
    const found = await expectToRepeat(bench, all, bench.ghl.findMergedContact, told);
    expect(found).toEqual({ ghlContactId: survivor });
    await expectToRepeat(bench, all, bench.leads.followMerge, { ...told, ghlContactId: survivor });
    expect(await agency.get(held.leadId)).toMatchObject({ state: 'queued', source_contact_id: survivor });
    expect((await agency.timeline(held.leadId)).filter((kind) => kind === 'contact-merged')).toHaveLength(1);

    const endedBy = async (ghlContactId: string) =>
      (await run(bench.leads.applyChange, { ...held, change: { kind: 'contact-deleted', ghlContactId } })).action;
    expect(await endedBy(deletedContactId)).toBe('none');
    // It is routed on as what it is now.
    const route = await run(bench.leads.routeLead, { ...held, reroute: true });
    expect(route).toMatchObject({ outcome: 'reserved', isPlaceable: true });
    expect(await endedBy(survivor)).toBe('closed');
  });

  it('ends when nobody has the person’s e-mail or phone there', async () => {
    const { bench } = all;
    const { contactId: deletedContactId, person: _person, ...held } = await queued();
    await bench.simulator.deleteContact(deletedContactId);
    expect(await run(bench.ghl.findMergedContact, { ...held, deletedContactId })).toEqual({ ghlContactId: null });
    const change = { kind: 'contact-deleted' as const, ghlContactId: deletedContactId };
    expect(await run(bench.leads.applyChange, { ...held, change })).toMatchObject({ action: 'closed' });
  });

  it('is left alone by the end of a contact that is not its own', async () => {
    const { bench, agency } = all;
    const { contactId, person: _person, ...held } = await queued();
    const told = { ...held, deletedContactId: 'another' };
    expect(await run(bench.ghl.findMergedContact, told)).toEqual({ ghlContactId: null });
    await expectToRepeat(bench, all, bench.leads.followMerge, { ...told, ghlContactId: 'third' });
    expect(await agency.get(held.leadId)).toMatchObject({ source_contact_id: contactId });
  });
});
