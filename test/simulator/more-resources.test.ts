import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: [
      { id: 'ann', locationId: one, firstName: 'Ann', tags: ['old'] },
      { id: 'bob', locationId: one, firstName: 'Bob' },
      { id: 'eve', locationId: two, firstName: 'Eve' },
    ],
  });
});
afterEach(() => harness.simulator.close());

describe('workflows', () => {
  beforeEach(() =>
    harness.control.seed({
      workflows: [
        { id: 'flow-1', locationId: one, name: 'Welcome' },
        { id: 'flow-2', locationId: two, name: 'Theirs' },
      ],
    }),
  );

  it('are listed, and contacts are put in and taken out', async () => {
    const list = await harness.ask('GET', `/workflows/?locationId=${one}`);
    expect(list.body['workflows']).toMatchObject([{ id: 'flow-1', status: 'published' }]);
    const put = await harness.ask('POST', '/contacts/ann/workflow/flow-1', { body: {} });
    expect([put.status, put.body['succeded']]).toEqual([201, true]);
    await harness.ask('POST', '/contacts/ann/workflow/flow-1', { body: {} });
    expect(await harness.control.listRecords('enrolments', one)).toHaveLength(1);
    await harness.ask('DELETE', '/contacts/ann/workflow/flow-1');
    expect(await harness.control.listRecords('enrolments', one)).toEqual([]);
    expect((await harness.ask('POST', '/contacts/ann/workflow/flow-2', { body: {} })).status).toBe(400);
  });
});

describe('bulk tags', () => {
  const bulk = (type: string, body: object): Promise<Answer> =>
    harness.ask('POST', `/contacts/bulk/tags/update/${type}`, { body: { locationId: one, tags: ['VIP'], ...body } });
  const tagsOf = async (): Promise<unknown> =>
    Object.fromEntries((await harness.control.listContacts()).map(({ id, tags }) => [id, tags]));

  it('are added, replaced and removed, and tell of contacts that are not there', async () => {
    const added = await bulk('add', { contacts: ['ann', 'bob', 'eve'] });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ succeded: false, errorCount: 1, responses: ['ann', 'bob'] });
    expect(await tagsOf()).toEqual({ ann: ['old', 'vip'], bob: ['vip'], eve: [] });
    await bulk('remove', { contacts: ['ann'], tags: ['old'] });
    await bulk('add', { contacts: ['bob'], tags: ['only'], removeAllTags: true });
    expect(await tagsOf()).toEqual({ ann: ['vip'], bob: ['only'], eve: [] });
    expect((await bulk('swap', { contacts: [] })).status).toBe(400);
  });
});

describe('the old list of contacts', () => {
  it('is paged by time and id, and gone in v3', async () => {
    const path = `/contacts/?locationId=${one}&limit=1`;
    const first = await harness.ask('GET', path);
    const { startAfter, startAfterId } = inner(first.body, 'meta');
    const second = await harness.ask(
      'GET',
      `${path}&startAfter=${String(startAfter)}&startAfterId=${String(startAfterId)}`,
    );
    const ids = [first, second].map(({ body }) => rows(body, 'contacts')[0]?.['id']);
    expect(ids.sort()).toEqual(['ann', 'bob']);
    expect((await harness.ask('GET', path, { version: 'v3' })).status).toBe(400);
  });
});

describe('custom fields of contacts', () => {
  it('are written by key or id and read by id', async () => {
    await harness.control.seed({
      customFields: [{ id: 'field-1', locationId: one, name: 'Age', fieldKey: 'contact.age', dataType: 'TEXT' }],
    });
    for (const [name, value] of [
      ['contact.age', 'a'],
      ['age', 'b'],
    ]) {
      const body = { customFields: [{ key: name, field_value: value }] };
      const contact = inner((await harness.ask('PUT', '/contacts/ann', { body })).body, 'contact');
      expect(contact['customFields']).toEqual([{ id: 'field-1', value }]);
    }
  });
});

describe('the newer version', () => {
  const v3 = { version: 'v3' };

  it('spells channels and success differently where contacts are written, and not where they are deleted', async () => {
    const body = { dndSettings: { sms: { status: 'active' } } };
    const changed = await harness.ask('PUT', '/contacts/ann', { ...v3, body });
    expect(changed.body['succeeded']).toBe(true);
    expect(inner(changed.body, 'contact')['dndSettings']).toEqual({ sms: { status: 'active' } });
    expect(inner((await harness.ask('GET', '/contacts/ann')).body, 'contact')['dndSettings']).toEqual({
      SMS: { status: 'active' },
    });
    const usual = { dndSettings: { SMS: { status: 'active' } } };
    expect((await harness.ask('PUT', '/contacts/ann', { ...v3, body: usual })).status).toBe(422);
    expect((await harness.ask('PUT', '/contacts/ann', { body })).status).toBe(422);
    expect((await harness.ask('DELETE', '/contacts/ann', v3)).body['succeded']).toBe(true);
  });

  it('takes camelCase where opportunities are searched, and only there', async () => {
    expect((await harness.ask('GET', `/opportunities/search?locationId=${one}`, v3)).status).toBe(200);
    expect((await harness.ask('GET', `/opportunities/search?location_id=${one}`, v3)).status).toBe(422);
  });
});

describe('opportunities', () => {
  const place = { locationId: one, pipelineId: 'pipeline-1' };
  const make = async (contactId: string, name: string): Promise<string> => {
    const body = { ...place, contactId, name, status: 'open' };
    return String(inner((await harness.ask('POST', '/opportunities/', { body })).body, 'opportunity')['id']);
  };
  const upsert = (body: object): Promise<Answer> =>
    harness.ask('POST', '/opportunities/upsert', { body: { ...place, ...body } });

  it('are upserted by either published contract', async () => {
    const id = await make('ann', 'Roof');
    const followers = { followers: ['user-1'], isRemoveAllFollowers: false, followersActionType: 'add' };
    await harness.control.setBehaviour({ opportunityUpsert: 'by-contact' });
    expect((await upsert({ contactId: 'ann', name: 'Roof 2' })).body['new']).toBe(false);
    expect((await upsert({ id, ...followers })).status).toBe(422);
    await harness.control.setBehaviour({ opportunityUpsert: 'by-id' });
    expect((await upsert({ contactId: 'ann', name: 'Roof 3' })).body['message']).toContain(
      'property contactId should not exist',
    );
    const byId = await upsert({ id, name: 'Roof 4', ...followers });
    expect(byId.body).toMatchObject({ new: false, opportunity: { id, name: 'Roof 4', followers: ['user-1'] } });
  });

  it('are followed and left', async () => {
    const path = `/opportunities/${await make('ann', 'Roof')}/followers`;
    const added = await harness.ask('POST', path, { body: { followers: ['user-1', 'user-2'] } });
    expect([added.status, added.body['followersAdded']]).toEqual([201, ['user-1', 'user-2']]);
    const removed = await harness.ask('DELETE', path, { body: { followers: ['user-1'] } });
    expect(removed.body['followers']).toEqual(['user-2']);
  });

  it('are searched by a body, with what hangs on their contacts', async () => {
    const ids = [await make('ann', 'Roof of Ann'), await make('bob', 'Roof of Bob')];
    await harness.ask('POST', '/contacts/ann/notes', { body: { body: 'Called' } });
    const search = (body: object): Promise<Answer> =>
      harness.ask('POST', '/opportunities/search', { body: { locationId: one, ...body } });
    const details = await search({ query: 'ann', additionalDetails: { notes: true } });
    expect(details.body).toMatchObject({ total: 1, opportunities: [{ notes: [{ body: 'Called' }] }] });
    const first = rows((await search({ limit: 1 })).body, 'opportunities')[0];
    const second = await search({ limit: 1, searchAfter: first?.['sort'] });
    expect([first, rows(second.body, 'opportunities')[0]].map((row) => row?.['id']).sort()).toEqual(ids.sort());
    expect((await harness.ask('POST', '/opportunities/search', { body: { locationId: two } })).status).toBe(403);
  });

  it('are sorted by a body, and go on behind a cursor whose record stands elsewhere by then', async () => {
    const [ann, bob] = [await make('ann', 'Roof'), await make('bob', 'Attic')];
    await harness.control.advanceClock(1_000);
    await harness.control.updateOpportunity(ann, { monetaryValue: 5 });
    const find = async (body: object) => {
      const answer = await harness.ask('POST', '/opportunities/search', { body: { locationId: one, ...body } });
      return rows(answer.body, 'opportunities');
    };
    const idsOf = async (body: object) => (await find(body)).map(({ id }) => id);
    const byChange = [{ field: 'date_updated', direction: 'desc' }];
    expect(await idsOf({ sort: byChange })).toEqual([ann, bob]);
    expect(await idsOf({ sort: [{ field: 'date_updated', direction: 'asc' }] })).toEqual([bob, ann]);
    expect(await idsOf({ sort: [{ field: 'name', direction: 'asc' }] })).toEqual([bob, ann]);
    expect(await idsOf({ sort: [{ field: 'monetary_value', direction: 'desc' }] })).toEqual([ann, bob]);
    const [first] = await find({ limit: 1, sort: byChange });
    await harness.control.advanceClock(1_000);
    await harness.control.updateOpportunity(ann, { monetaryValue: 6 });
    expect(await idsOf({ sort: byChange, searchAfter: first?.['sort'] })).toEqual([bob]);
    const unknown = { locationId: one, sort: [{ field: 'updatedAt', direction: 'desc' }] };
    expect((await harness.ask('POST', '/opportunities/search', { body: unknown })).status).toBe(422);
  });

  it('come with the reasons for which they are lost', async () => {
    await harness.control.seed({
      lostReasons: [
        { id: 'reason-1', locationId: one, name: 'Too dear' },
        { id: 'reason-2', locationId: one, name: 'Gone', deleted: true },
      ],
    });
    const found = await harness.ask('GET', `/opportunities/lost-reason?locationId=${one}`);
    expect(found.body).toMatchObject({ total: 1, lostReasons: [{ id: 'reason-1' }] });
  });
});

describe('users by e-mail', () => {
  const find = (emails: unknown, token = 'pit-company'): Promise<Answer> =>
    harness.ask('POST', '/users/search/filter-by-email', { token, body: { companyId: company, emails } });

  it('are found by a list and by a text with commas, for the agency alone', async () => {
    for (const emails of [['ADA@x.test'], 'nobody@x.test, ada@x.test']) {
      expect((await find(emails)).body).toMatchObject({ count: 1, users: [{ id: 'user-1' }] });
    }
    expect((await find(['ada@x.test'], 'location-1-token')).status).toBe(401);
  });
});
