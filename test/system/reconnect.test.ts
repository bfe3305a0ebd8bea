import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { Browser, makeLink } from './connecting.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let live: LiveSystem;
let agency: PlantedAgency;
let leads: LeadHarness;
let key: string;
beforeAll(async () => {
  live = await startLiveSystem();
  agency = await live.plant(smallAgency('one'), live.webhookUrl);
  leads = createLeadHarness(live, agency);
  key = await live.makeKey(agency.agencyId, 'agency');
});
afterAll(() => live.stop());

const installs = () =>
  live.database.ownerDb.selectFrom('installs').selectAll().where('agency_id', '=', agency.agencyId).execute();
const letters = () =>
  live.database.ownerDb.selectFrom('dead_letters').selectAll().where('agency_id', '=', agency.agencyId).execute();
const metric = async (): Promise<string | undefined> => {
  const page = await (await fetch(`${live.apiUrl}/metrics`)).text();
  return page.split('\n').find((line) => line.startsWith('switchyard_installs{status="needs_reauth"}'));
};
const tasksOf = async (email: string) => {
  const contacts = (await live.simulator.listContacts()).filter((contact) => contact.email === email);
  const ids = new Set(contacts.map(({ id }) => id));
  const notes = (await live.simulator.listNotes()).filter((note) => ids.has(note.contactId));
  const tasks = (await live.simulator.listTasks()).filter((task) => ids.has(task.contactId) && !task.completed);
  return { contacts, notes, tasks };
};
const told = (email: string) =>
  waitFor('the rep’s task', async () => {
    const seen = await tasksOf(email);
    return seen.tasks.length === 1 && seen;
  });

it('loses and doubles nothing when all authority dies in the middle and the agency is connected again', async () => {
  const before = somebody('02116');
  const first = await leads.start(before);
  await leads.inState(first, 'assigned');
  await told(before.email);

  await live.simulator.revokeTokens({ companyId: 'one-company', withRefresh: true });
  const during = [somebody('02116'), somebody('02116'), somebody('02139')];
  const waiting = await Promise.all(during.map((person) => leads.start(person)));
  for (const leadId of waiting) await leads.inState(leadId, 'queued', 60_000);
  // What GHL is still to be told of the first lead waits.
  const closed = await live.ask('POST', `/v1/leads/${first}/close`, key, { outcome: 'won' });
  expect(closed.status).toBe(200);

  const dead = (await installs()).filter((each) => each.status === 'needs_reauth');
  expect(dead.map((each) => each.location_id)).toEqual(expect.arrayContaining([null, leads.location('back-bay')]));
  const reauth = (await letters()).filter((each) => each.cause.startsWith('needs-reauth:'));
  expect(reauth.map((each) => each.subject_id).sort()).toEqual(dead.map((each) => each.id).sort());
  expect(reauth[0]!.advice).toContain('agency connect');
  expect(await metric()).toBe(`switchyard_installs{status="needs_reauth"} ${dead.length}`);
  // Nobody goes on asking GHL in vain.
  await live.simulator.resetCalls();
  await leads.inState(await leads.start(somebody('02116')), 'queued');
  expect((await live.simulator.getCalls()).counts).toEqual({});

  const page = await new Browser(live).connect(await makeLink(live, key), { companyId: 'one-company', all: 'true' });
  expect(page.status).toBe(200);
  for (const leadId of waiting) await leads.inState(leadId, 'assigned', 60_000);
  for (const { email } of during) {
    const { contacts, notes, tasks } = await told(email);
    expect([contacts.length, notes.length, tasks.length]).toEqual([1, 1, 1]);
  }
  await waitFor('the first lead’s opportunity to be won', async () => {
    const { contacts } = await tasksOf(before.email);
    const [opportunity] = (await live.simulator.listOpportunities()).filter(
      (each) => each.contactId === contacts[0]!.id,
    );
    return opportunity?.status === 'won';
  });
  await waitFor('all installs', async () => (await installs()).every((each) => each.status === 'active'));
  expect(await metric()).toBe('switchyard_installs{status="needs_reauth"} 0');
  const open = (await letters()).filter((each) => each.resolved_at === null);
  expect(open).toEqual([]);
}, 360_000);

it('sends a lead to the next location while one alone is disconnected, and waits with what follows', async () => {
  await waitFor('all tokens', async () => (await installs()).filter((each) => each.location_id !== null).length >= 4);
  // Its own token and its agency's way to another one are gone; the neighbours have theirs.
  const { ownerDb } = live.database;
  await ownerDb
    .updateTable('installs')
    .set({ status: 'needs_reauth', status_reason: 'test' })
    .where('location_id', '=', leads.location('chelsea'))
    .execute();
  const leadId = await leads.start(somebody('10011'));
  const lead = await leads.inState(leadId, 'assigned');
  expect(lead.location_id).not.toBe(leads.location('chelsea'));
});
