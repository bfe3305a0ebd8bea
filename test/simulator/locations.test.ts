import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { clientId, company, inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.simulator.close());

const asAgency = { token: 'pit-company' };
const create = (change: object = {}): Promise<Answer> =>
  harness.ask('POST', '/locations/', { ...asAgency, body: { companyId: company, name: 'Three', ...change } });
const under = (path: string, locationId = one): string => `/locations/${locationId}${path}`;

describe('making a location', () => {
  it('returns it flat, finds it by e-mail and reads it under a key', async () => {
    const made = await create({
      phone: '+15550003333',
      country: 'US',
      timezone: 'America/Chicago',
      prospectInfo: { firstName: 'Pat', lastName: 'Owner', email: 'Pat@x.test' },
      settings: { allowDuplicateContact: true },
    });
    expect(made.status).toBe(201);
    const id = String(made.body['id']);
    expect(made.body).toMatchObject({
      companyId: company,
      name: 'Three',
      firstName: 'Pat',
      timezone: 'America/Chicago',
    });
    const found = await harness.ask('GET', `/locations/search?companyId=${company}&email=pat@x.test`, asAgency);
    expect(rows(found.body, 'locations').map((location) => location['id'])).toEqual([id]);
    expect(found.body).not.toHaveProperty('total');
    const read = await harness.ask('GET', `/locations/${id}`, asAgency);
    expect(inner(read.body, 'location')['settings']).toMatchObject({ allowDuplicateContact: true });
  });

  it.each<[string, object]>([
    ['no name', { name: undefined }],
    ['an unknown property', { kind: 'shop' }],
    ['a country in words', { country: 'Germany' }],
    ['half a prospect', { prospectInfo: { firstName: 'Pat' } }],
    ['a time zone that is none', { timezone: 'Mars/Base' }],
  ])('refuses %s', async (_case, change) => {
    expect((await create(change)).status).toBe(422);
    expect(await harness.control.listLocations()).toHaveLength(2);
  });

  it('can be refused as unauthorized for a wrong body, as was once seen', async () => {
    await harness.control.setBehaviour({ locationInvalidStatus: 401 });
    expect((await create({ name: undefined })).status).toBe(401);
    expect((await create()).status).toBe(201);
  });

  it('needs the highest plan, an agency token and the own agency', async () => {
    expect((await create({ companyId: 'company-2' })).status).toBe(403);
    const body = { companyId: company, name: 'Three' };
    expect((await harness.ask('POST', '/locations/', { body })).status).toBe(401);
    await harness.control.seed({ companies: [{ id: company, plan: 'unlimited' }] });
    const refused = await create();
    expect([refused.status, refused.body['message']]).toEqual([
      403,
      'This feature is only available on Agency Pro ($497) plan.',
    ]);
  });

  it('stops a sandbox agency at two', async () => {
    await harness.control.seed({ companies: [{ id: company, sandbox: true }] });
    expect((await create()).body).toMatchObject({
      statusCode: 400,
      message: 'Only 2 locations are allowed for this company, as this is a sandbox agency.',
    });
  });

  it('announces it to the agency and installs the app there', async () => {
    const receiver = await startReceiver();
    await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
    const { id } = (await create()).body;
    await waitToPass(() => {
      expect(receiver.types()).toEqual(['LocationCreate', 'INSTALL']);
    });
    const [event, install] = receiver.received.map(({ json }) => json);
    expect(event).toMatchObject({ id, companyId: company, name: 'Three' });
    expect(event).not.toHaveProperty('locationId');
    expect(install).toMatchObject({ locationId: id, companyId: company, installType: 'Location' });
    const token = await harness.ask('POST', '/oauth/locationToken', {
      token: 'company-token',
      form: { companyId: company, locationId: String(id) },
    });
    expect(token.status).toBe(201);
    await receiver.close();
  });

  it('installs nothing there when apps do not come to future locations', async () => {
    await harness.control.uninstall({ companyId: company });
    await harness.control.install({ companyId: company, locationIds: [one] });
    const { id } = (await create()).body;
    expect(await harness.control.listInstalls(String(id))).toEqual([]);
    expect((await harness.control.listInstalls(one)).map((install) => install.clientId)).toEqual([clientId]);
  });
});

describe('changing and deleting a location', () => {
  it('writes only what is given', async () => {
    const body = { companyId: company, city: 'Austin' };
    const changed = await harness.ask('PUT', under(''), { ...asAgency, body });
    expect(changed.body).toMatchObject({ id: one, name: 'One', city: 'Austin' });
    expect((await harness.ask('PUT', under(''), { ...asAgency, body: { city: 'Austin' } })).status).toBe(422);
  });

  it('is refused to apps, and ends the tokens when a person does it', async () => {
    const refused = await harness.ask('DELETE', under('?deleteTwilioAccount=false'), asAgency);
    expect([refused.status, refused.body['message']]).toEqual([401, 'The token is not authorized for this scope.']);
    await harness.control.deleteLocation(one);
    expect((await harness.ask('GET', under(''))).body['message']).toBe('Invalid JWT');
    expect((await harness.ask('GET', under('', two), { token: 'location-2-token' })).status).toBe(200);
  });
});

describe('what a location lists', () => {
  it('are its templates by type', async () => {
    await harness.control.seed({
      templates: [
        { id: 'template-1', locationId: one, name: 'Text', type: 'sms' },
        { id: 'template-2', locationId: one, name: 'Mail', type: 'email' },
      ],
    });
    const mails = await harness.ask('GET', under(`/templates?originId=${one}&type=email`));
    expect(mails.body).toMatchObject({ totalCount: 1, templates: [{ id: 'template-2' }] });
    expect((await harness.ask('GET', under('/templates'))).status).toBe(422);
  });

  it('are the tasks of all its contacts', async () => {
    const task = { title: 'Call', dueDate: '2026-12-01T10:00:00Z', completed: false };
    await harness.control.seed({
      tasks: [
        { ...task, id: 'task-1', locationId: one, contactId: 'ann' },
        { ...task, id: 'task-2', locationId: one, contactId: 'bob', completed: true },
        { ...task, id: 'task-3', locationId: two, contactId: 'eve' },
      ],
    });
    const open = await harness.ask('POST', under('/tasks/search'), { body: { completed: false } });
    expect(rows(open.body, 'tasks').map(({ _id }) => _id)).toEqual(['task-1']);
  });

  it('are known time zones', async () => {
    const zones = (await harness.ask('GET', under('/timezones'))).body['timezones'];
    expect(zones).toContain('America/New_York');
  });
});

describe('the locations of an agency', () => {
  it('are paged in the order of their names', async () => {
    const names = async (query: string): Promise<unknown[]> => {
      const answer = await harness.ask('GET', `/locations/search?companyId=${company}&${query}`, asAgency);
      return rows(answer.body, 'locations').map(({ name }) => name);
    };
    await create();
    expect(await names('limit=2')).toEqual(['One', 'Three']);
    expect(await names('limit=2&skip=2')).toEqual(['Two']);
    expect(await names('order=desc')).toEqual(['Two', 'Three', 'One']);
  });
});

describe('tags of a location', () => {
  it('are made, renamed and removed, on its contacts too', async () => {
    const contact = await harness.control.createContact({ locationId: one, email: 'a@x.test', tags: ['VIP', 'new'] });
    const list = rows((await harness.ask('GET', under('/tags'))).body, 'tags');
    expect(list.map(({ name }) => name)).toEqual(['vip', 'new']);
    const path = under(`/tags/${String(list[0]?.['id'])}`);
    await harness.ask('PUT', path, { body: { name: 'Gold' } });
    expect((await harness.control.listContacts(one))[0]?.tags).toEqual(['gold', 'new']);
    expect((await harness.ask('DELETE', path)).body['succeded']).toBe(true);
    expect((await harness.control.listContacts(one))[0]).toMatchObject({ id: contact.id, tags: ['new'] });
    expect((await harness.ask('GET', path)).status).toBe(404);
  });

  it('are unique within their location', async () => {
    expect((await harness.ask('POST', under('/tags'), { body: { name: 'Gold' } })).status).toBe(201);
    expect((await harness.ask('POST', under('/tags'), { body: { name: 'gold' } })).status).toBe(400);
    expect((await harness.ask('GET', under('/tags', two))).status).toBe(403);
  });
});

describe('custom fields', () => {
  const make = (change: object = {}): Promise<Answer> =>
    harness.ask('POST', under('/customFields'), { body: { name: 'Roof Age!', dataType: 'NUMERICAL', ...change } });

  it('get a key by which they are read too, and are told apart by model', async () => {
    const made = inner((await make()).body, 'customField');
    expect(made).toMatchObject({ fieldKey: 'contact.roof_age', model: 'contact', dataType: 'NUMERICAL' });
    await make({ model: 'opportunity' });
    const byKey = await harness.ask('GET', under('/customFields/contact.roof_age'));
    expect(inner(byKey.body, 'customField')['id']).toBe(made['id']);
    const count = async (query: string): Promise<number> =>
      rows((await harness.ask('GET', under(`/customFields${query}`))).body, 'customFields').length;
    expect([await count(''), await count('?model=opportunity'), await count('?model=all')]).toEqual([1, 1, 2]);
  });

  it('keep their key when renamed, and refuse a second of the kind', async () => {
    const { id } = inner((await make({ dataType: 'SINGLE_OPTIONS', options: ['a', 'b'] })).body, 'customField');
    expect((await make()).status).toBe(400);
    const path = under(`/customFields/${String(id)}`);
    const renamed = await harness.ask('PUT', path, { body: { name: 'Age' } });
    expect(renamed.body['customField']).toMatchObject({
      name: 'Age',
      fieldKey: 'contact.roof_age',
      picklistOptions: ['a', 'b'],
    });
    expect((await harness.ask('GET', path, { token: 'location-2-token' })).status).toBe(403);
    expect((await harness.ask('DELETE', path)).body['succeded']).toBe(true);
  });
});

describe('custom values', () => {
  it('are written one by one and read by id', async () => {
    const made = await harness.ask('POST', under('/customValues'), { body: { name: 'Booking Link', value: 'x' } });
    expect(made.status).toBe(201);
    const value = inner(made.body, 'customValue');
    expect(value['fieldKey']).toBe('{{ custom_values.booking_link }}');
    const path = under(`/customValues/${String(value['id'])}`);
    await harness.ask('PUT', path, { body: { name: 'Booking Link', value: 'y' } });
    expect(inner((await harness.ask('GET', path)).body, 'customValue')['value']).toBe('y');
    const elsewhere = under(`/customValues/${String(value['id'])}`, two);
    expect((await harness.ask('GET', elsewhere, { token: 'location-2-token' })).status).toBe(404);
    expect((await harness.ask('POST', under('/customValues'), { body: { name: 'x' } })).status).toBe(422);
  });
});
