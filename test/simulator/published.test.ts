import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientId, company, inner, one, rows, startHarness } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: ['ann', 'bob', 'cid'].map((id) => ({ id, locationId: one, email: `${id}@x.test` })),
    workflows: [{ id: 'flow', locationId: one, name: 'Flow' }],
    calendars: [{ id: 'calendar', locationId: one, name: 'Visits' }],
    saasAccounts: [{ id: one, companyId: company, locationId: one }],
  });
});
afterEach(() => harness.simulator.close());

const v3 = { version: 'v3' };
const place = { locationId: one, pipelineId: 'pipeline-1', status: 'open' };
const make = (contactId: string, more: object = {}): Promise<Answer> =>
  harness.ask('POST', '/opportunities/', { body: { ...place, contactId, name: contactId, ...more } });

describe('answers, as published', () => {
  it('name the installer and the agency’s number', async () => {
    const path = `/marketplace/app/${clientId.split('-')[0]}/installations`;
    const details = inner((await harness.ask('GET', path)).body, 'installationDetails');
    expect(Object.keys(details)).toEqual(expect.arrayContaining(['userId', 'relationshipNumber']));
  });

  it('give the fields of opportunities as `fieldValue`', async () => {
    const made = await make('ann', { customFields: [{ id: 'roof', field_value: 'flat' }] });
    expect(inner(made.body, 'opportunity')['customFields']).toEqual([{ id: 'roof', fieldValue: 'flat' }]);
  });

  it('count the contacts of the old list', async () => {
    expect((await harness.ask('GET', `/contacts/?locationId=${one}&limit=1`)).body['count']).toBe(3);
  });

  it('of a changed subscription are a sentence', async () => {
    const body = { companyId: company, subscriptionId: 's', customerId: 'c' };
    const changed = await harness.ask('PUT', `/saas/update-saas-subscription/${one}`, { token: 'pit-company', body });
    expect(changed.body).toBe('SaaS subscription updated successfully');
  });

  it('say success in both spellings where the newer version removes, enrols and changes many', async () => {
    const both = { succeeded: true, succeded: true };
    const bulk = { contacts: ['ann'], tags: ['x'], locationId: one };
    const done = [
      await harness.ask('POST', '/contacts/bulk/tags/update/add', { ...v3, body: bulk }),
      await harness.ask('POST', '/contacts/ann/workflow/flow', { ...v3, body: {} }),
      await harness.ask('DELETE', '/contacts/ann', v3),
    ];
    for (const { body } of done) expect(body).toMatchObject(both);
    expect((await harness.ask('DELETE', '/contacts/bob')).body).not.toHaveProperty('succeeded');
  });

  it('tell the dates of a booked appointment in the newer version alone', async () => {
    const book = (day: string, version: object): Promise<Answer> => {
      const when = { startTime: `2027-01-0${day}T10:00:00Z`, calendarId: 'calendar' };
      const body = { ...when, locationId: one, contactId: 'ann' };
      return harness.ask('POST', '/calendars/events/appointments', { ...version, body });
    };
    expect((await book('4', {})).body).not.toHaveProperty('dateAdded');
    const newer = await book('5', v3);
    expect(newer.body).toHaveProperty('dateUpdated');
    expect((await harness.ask('DELETE', `/calendars/events/${String(newer.body['id'])}`)).status).toBe(201);
  });
});

describe('bodies, as published', () => {
  it.each<[string, string, string, object, object]>([
    ['source and reason of a new opportunity', 'POST', '/opportunities/', { source: 'x', lostReasonId: 'y' }, {}],
    ['fields of an upserted opportunity', 'POST', '/opportunities/upsert', { source: 'x', customFields: [] }, {}],
    ['a forecast under a date version', 'POST', '/opportunities/', { forecastProbability: 50 }, {}],
  ])('refuse %s', async (_case, method, path, more, version) => {
    const body = { ...place, contactId: 'ann', name: 'Roof', ...more };
    const refused = await harness.ask(method, path, { ...version, body });
    expect(refused.body['message']).toEqual(Object.keys(more).map((key) => `property ${key} should not exist`));
  });

  it('take a forecast under the newer version', async () => {
    const body = { ...place, contactId: 'ann', name: 'Roof', forecastProbability: 50 };
    const made = await harness.ask('POST', '/opportunities/', { ...v3, body });
    expect(inner(made.body, 'opportunity')['forecastProbability']).toBe(50);
  });

  it('let a note be changed without its text', async () => {
    const made = await harness.ask('POST', '/contacts/ann/notes', { body: { body: 'Called' } });
    const path = `/contacts/ann/notes/${String(inner(made.body, 'note')['id'])}`;
    const changed = await harness.ask('PUT', path, { body: { title: 'Tuesday' } });
    expect(changed.body['note']).toMatchObject({ body: 'Called', title: 'Tuesday' });
  });

  it('let all followers leave at once', async () => {
    const id = String(inner((await make('ann')).body, 'opportunity')['id']);
    await harness.ask('POST', `/opportunities/${id}/followers`, { body: { followers: ['user-1', 'user-2'] } });
    const left = await harness.ask('DELETE', `/opportunities/${id}/followers?isRemoveAllFollowers=true`, { body: {} });
    expect(left.body).toMatchObject({ followers: [], followersRemoved: ['user-1', 'user-2'] });
  });

  it('let conversations be asked for by score, and calls and the time of sending be told', async () => {
    const scored = `/conversations/search?locationId=${one}&scoreProfile=p&scoreProfileMin=1&scoreProfileMax=5`;
    expect((await harness.ask('GET', scored)).status).toBe(200);
    const sending = { type: 'Email', contactId: 'ann', html: 'Hi', optimizationPeriod: '24h' };
    expect((await harness.ask('POST', '/conversations/messages', { body: sending })).status).toBe(201);
    const inbound = { type: 'Email', contactId: 'ann', html: 'Hi', call: { from: '+15550001111' } };
    expect((await harness.ask('POST', '/conversations/messages/inbound', { body: inbound })).status).toBe(201);
  });
});

describe('pages of opportunities', () => {
  const page = (query: string): Promise<Answer> =>
    harness.ask('GET', `/opportunities/search?location_id=${one}&limit=1${query}`);
  const namesOf = ({ body }: Answer): unknown[] => rows(body, 'opportunities').map(({ name }) => name);

  beforeEach(async () => {
    await harness.control.seed({
      opportunities: ['ann', 'bob', 'cid'].map((name, n) => ({
        ...{ id: `opportunity-${name}`, locationId: one, contactId: name, pipelineId: 'pipeline-1', name },
        createdAt: `2026-01-0${n + 1}T00:00:00.000Z`,
        updatedAt: '2026-01-05T00:00:00.000Z',
      })),
    });
  });

  it('go on behind their cursor although what stood there was deleted', async () => {
    const first = await page('');
    expect(namesOf(first)).toEqual(['cid']);
    await harness.control.deleteOpportunity('opportunity-cid');
    const { startAfter, startAfterId } = inner(first.body, 'meta');
    expect(namesOf(await page(`&startAfter=${String(startAfter)}&startAfterId=${String(startAfterId)}`))).toEqual([
      'bob',
    ]);
    const search = { locationId: one, limit: 1, searchAfter: [startAfter, startAfterId] };
    expect(namesOf(await harness.ask('POST', '/opportunities/search', { body: search }))).toEqual(['bob']);
  });

  it('come oldest first when asked, and between two days', async () => {
    expect(namesOf(await page('&order=added_asc'))).toEqual(['ann']);
    expect(namesOf(await page('&order=added_asc&date=01-02-2026'))).toEqual(['bob']);
    expect(namesOf(await page('&endDate=01-02-2026'))).toEqual(['bob']);
    expect((await page('&date=2026-01-02')).status).toBe(422);
  });

  it('show a change of status and of followers by their date', async () => {
    const dateOf = async (): Promise<unknown> =>
      inner((await harness.ask('GET', '/opportunities/opportunity-ann')).body, 'opportunity')['updatedAt'];
    const before = await dateOf();
    await harness.ask('POST', '/opportunities/opportunity-ann/followers', { body: { followers: ['user-1'] } });
    expect(await dateOf()).not.toBe(before);
  });
});
