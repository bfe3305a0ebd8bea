import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basicSeed, company, one, startHarness, two } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.simulator.close());

describe('control', () => {
  it('seeds twice without a second copy and merges what is new', async () => {
    await harness.control.seed(basicSeed);
    const stats = await harness.control.seed({ locations: [{ id: one, companyId: company, city: 'Austin' }] });
    expect(stats).toMatchObject({ locations: 2, users: 1 });
    const { body } = await harness.ask('GET', `/locations/${one}`);
    expect(body['location']).toMatchObject({ name: 'One', city: 'Austin' });
  });

  it('refuses a seed that is wrong', async () => {
    await expect(
      harness.control.seed({ users: [{ id: 'u', companyId: company, email: '', role: 'boss' as 'user' }] }),
    ).rejects.toMatchObject({ status: 422 });
  });

  it('gives the same ids to the same seed', async () => {
    const other = await startHarness();
    const [mine, theirs] = await Promise.all(
      [harness, other].map(({ control }) => control.createContact({ locationId: one, email: 'a@x.test' })),
    );
    await other.simulator.close();
    expect(mine?.id).toBe(theirs?.id);
  });

  it('lists state by location', async () => {
    await harness.control.createContact({ locationId: one, email: 'a@x.test' });
    await harness.control.createContact({ locationId: two, email: 'a@x.test' });
    expect(await harness.control.listContacts(two)).toHaveLength(1);
    expect(await harness.control.listContacts()).toHaveLength(2);
    expect(await harness.control.listUsers(one)).toHaveLength(1);
    expect(await harness.control.listInstalls(one)).toHaveLength(1);
    expect(await harness.control.listOpportunities(one)).toEqual([]);
    expect(await harness.control.listTasks(one)).toEqual([]);
  });

  it('counts calls by route and status and keeps the last ones', async () => {
    await harness.ask('GET', `/locations/${one}`);
    await harness.ask('GET', `/locations/${two}`);
    const calls = await harness.control.getCalls();
    expect(calls.counts).toEqual({ 'GET /locations/:locationId 200': 1, 'GET /locations/:locationId 403': 1 });
    expect(calls.last[0]).toMatchObject({
      method: 'GET',
      route: '/locations/:locationId',
      locationId: one,
      status: 200,
    });
    await harness.control.resetCalls();
    expect((await harness.control.getStats()).calls).toBe(0);
  });

  it('does what a person does, by the rules of the API', async () => {
    const contact = await harness.control.createContact({ locationId: one, email: 'a@x.test' });
    await expect(harness.control.createContact({ locationId: one, email: 'a@x.test' })).rejects.toMatchObject({
      status: 400,
    });
    expect(await harness.control.updateContact(contact.id, { firstName: 'Ann' })).toMatchObject({ name: 'Ann' });
    await harness.control.deleteContact(contact.id);
    expect(await harness.control.listContacts(one)).toEqual([]);
  });

  it('shows a page in which no name becomes markup', async () => {
    await harness.control.createContact({ locationId: one, firstName: '<script>alert(1)</script>', email: 'a@x.test' });
    const response = await fetch(`${harness.simulator.url}/_control/`);
    expect(response.headers.get('content-type')).toContain('text/html');
    const html = await response.text();
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain('<script>');
  });
});
