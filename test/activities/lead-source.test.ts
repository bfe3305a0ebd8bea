import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import type { HeldLead } from './bench-agency.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { readShown } from './lead-moves.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

/** Somebody whom GHL told of by the creation of a contact in an account, and who is to go to another or to the same. */
async function asked(from: string, postcode: string): Promise<{ held: HeldLead; contactId: string }> {
  const { bench, agency } = all;
  const { postcode: postalCode, ...person } = somebody(postcode);
  const contact = { ...person, postalCode, country: 'US' };
  const { id } = await bench.simulator.createContact({ ...contact, locationId: agency.ghlLocation(from) });
  const lead = await agency.cameAs({ ...contact, id }, from);
  const route = await run(bench.leads.routeLead, { ...lead, reroute: false });
  if (route.outcome !== 'reserved') throw new Error(`routed to ${route.outcome}`);
  return { held: { ...lead, assignmentId: route.assignmentId }, contactId: id };
}

const inMirror = (contactId: string) =>
  all.bench.database.ownerDb
    .selectFrom('contacts')
    .select(['location_id', 'fields', 'ghl_created_at', 'ghl_updated_at', 'found_by', 'is_exact', 'deleted_at'])
    .where('ghl_id', '=', contactId)
    .execute();

/** How often GHL has been asked for one contact, whichever it was. */
const countReads = async (): Promise<number> => {
  const { counts } = await all.bench.simulator.getCalls();
  const reads = Object.entries(counts).filter(([call]) => call.startsWith('GET /contacts/:contactId '));
  return reads.reduce((sum, [, count]) => sum + count, 0);
};

const readByEvent = (contactId: string, from: string) =>
  run(all.bench.contactsGhl.readChanges, {
    agencyId: all.agency.agencyId,
    locationId: all.agency.location(from),
    changes: [{ resource: 'contact', ghlId: contactId, ghlContactId: contactId }],
  });

describe('the contact by which a lead came in', () => {
  it('is in the mirror with the lead’s first step, as reading it for its event brings it there', async () => {
    const { held, contactId } = await asked('master', '02116');
    expect(await run(all.bench.ghl.assignAndTellLead, held)).toMatchObject({ isTold: true });
    const read = await inMirror(contactId);
    expect(read).toMatchObject([
      { location_id: all.agency.location('master'), found_by: 'event', is_exact: true, deleted_at: null },
    ]);
    await readByEvent(contactId, 'master');
    expect(await inMirror(contactId)).toEqual(read);
  });

  it('is not read where the mirror has it by then, nor where the lead stays and its own change has an event', async () => {
    const elsewhere = await asked('master', '02116');
    await readByEvent(elsewhere.contactId, 'master');
    const before = await countReads();
    expect(await run(all.bench.ghl.assignAndTellLead, elsewhere.held)).toMatchObject({ isTold: true });

    const here = await asked('back-bay', '02116');
    expect(await run(all.bench.ghl.assignAndTellLead, here.held)).toMatchObject({ isTold: true });
    expect((await readShown(all, here.held)).contact.id).toBe(here.contactId);
    expect(await countReads()).toBe(before);
  });

  it.each([
    ['is slow', { latencyMs: 1_500 }],
    ['fails', { status: 500 }],
    ['does not show it to the app', { status: 403, message: 'no' }],
  ])('is left to its event when GHL %s, and the lead is told all the same', async (_, effect) => {
    const { held, contactId } = await asked('master', '02116');
    const letters = await all.agency.letters();
    await all.bench.simulator.addFault({ ...effect, path: `/contacts/${contactId}`, method: 'GET' });
    expect(await run(all.bench.ghl.assignAndTellLead, held)).toMatchObject({ isTold: true });
    expect(await all.bench.simulator.listFaults()).toMatchObject([{ struck: 1 }]);
    expect(await inMirror(contactId)).toEqual([]);
    expect(await all.agency.letters()).toEqual(letters);
  });

  it('is left to its event when GHL has it no more: that it is gone is not told twice', async () => {
    const { held, contactId } = await asked('master', '02116');
    await all.bench.simulator.deleteContact(contactId);
    const before = await countReads();
    expect(await run(all.bench.ghl.assignAndTellLead, held)).toMatchObject({ isTold: true });
    expect(await countReads()).toBe(before + 1);
    expect(await inMirror(contactId)).toEqual([]);
  });
});
