import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: [
      { id: 'contact-1', locationId: one, firstName: 'Ann', email: 'a@x.test' },
      { id: 'contact-2', locationId: one, email: 'b@x.test' },
    ],
  });
});
afterEach(() => harness.simulator.close());

describe('notes', () => {
  it('are made, listed, changed and removed under their contact', async () => {
    const made = await harness.ask('POST', '/contacts/contact-1/notes', { body: { body: 'Called' } });
    expect(made.status).toBe(201);
    const id = String(inner(made.body, 'note')['id']);
    await harness.ask('PUT', `/contacts/contact-1/notes/${id}`, { body: { body: 'Called twice' } });
    const list = await harness.ask('GET', '/contacts/contact-1/notes');
    expect(rows(list.body, 'notes').map((note) => note['body'])).toEqual(['Called twice']);
    expect((await harness.ask('GET', `/contacts/contact-2/notes/${id}`)).status).toBe(404);
    await harness.ask('DELETE', `/contacts/contact-1/notes/${id}`);
    expect(await harness.control.listNotes(one)).toEqual([]);
  });

  it('need a body', async () => {
    const refused = await harness.ask('POST', '/contacts/contact-1/notes', { body: {} });
    expect(refused.body['message']).toEqual(['body must be a string']);
  });
});

describe('tasks', () => {
  const task = { title: 'Call', dueDate: '2026-12-01T10:00:00Z', completed: false, assignedTo: 'user-1' };

  it('are made, completed and removed under their contact', async () => {
    const made = await harness.ask('POST', '/contacts/contact-1/tasks', { body: task });
    expect(made.status).toBe(201);
    const path = `/contacts/contact-1/tasks/${String(inner(made.body, 'task')['id'])}`;
    await harness.ask('PUT', `${path}/completed`, { body: { completed: true } });
    await harness.ask('PUT', path, { body: { title: 'Call again' } });
    const read = await harness.ask('GET', path);
    expect(read.body['task']).toMatchObject({ title: 'Call again', completed: true, assignedTo: 'user-1' });
    await harness.ask('DELETE', path);
    expect(rows((await harness.ask('GET', '/contacts/contact-1/tasks')).body, 'tasks')).toEqual([]);
  });

  it('need title, due date and completed', async () => {
    const refused = await harness.ask('POST', '/contacts/contact-1/tasks', { body: { body: 'x' } });
    expect(refused.status).toBe(422);
    expect(refused.body['message']).toHaveLength(3);
  });
});

describe('opportunities', () => {
  const fields = { locationId: one, pipelineId: 'pipeline-1', contactId: 'contact-1', name: 'Roof', status: 'open' };
  const make = (change: object = {}): Promise<Answer> =>
    harness.ask('POST', '/opportunities/', { body: { ...fields, ...change } });

  it('start in the first stage and move by status and stage', async () => {
    const made = await make();
    expect(made.status).toBe(201);
    const opportunity = inner(made.body, 'opportunity');
    expect(opportunity).toMatchObject({ pipelineStageId: 'stage-1', contact: { id: 'contact-1' } });
    const path = `/opportunities/${String(opportunity['id'])}`;
    expect((await harness.ask('PUT', `${path}/status`, { body: { status: 'won' } })).body['succeded']).toBe(true);
    await harness.ask('PUT', path, { body: { pipelineStageId: 'stage-2', monetaryValue: 10 } });
    const read = await harness.ask('GET', path);
    expect(read.body['opportunity']).toMatchObject({ status: 'won', pipelineStageId: 'stage-2', monetaryValue: 10 });
    await harness.ask('DELETE', path);
    expect((await harness.ask('GET', path)).status).toBe(404);
  });

  it('are upserted by contact and pipeline', async () => {
    const { name: _name, status: _status, ...place } = fields;
    const first = await harness.ask('POST', '/opportunities/upsert', { body: { ...place, name: 'Roof' } });
    const second = await harness.ask('POST', '/opportunities/upsert', { body: { ...place, monetaryValue: 5 } });
    expect([first.body['new'], second.body['new']]).toEqual([true, false]);
    expect(second.body['opportunity']).toMatchObject({ name: 'Roof', monetaryValue: 5 });
  });

  it('refuse a second open one, an unknown contact, pipeline or stage', async () => {
    await make();
    expect((await make()).body['message']).toBe('Can not create duplicate opportunity for the contact.');
    expect((await make({ contactId: 'nobody' })).status).toBe(400);
    expect((await make({ pipelineId: 'nowhere' })).status).toBe(400);
    expect((await make({ contactId: 'contact-2', pipelineStageId: 'nowhere' })).status).toBe(400);
  });

  it('are searched with snake-case names', async () => {
    await make();
    await make({ contactId: 'contact-2' });
    const found = await harness.ask('GET', `/opportunities/search?location_id=${one}&contact_id=contact-2`);
    expect(rows(found.body, 'opportunities')).toHaveLength(1);
    const page = await harness.ask('GET', `/opportunities/search?location_id=${one}&limit=1`);
    expect(inner(page.body, 'meta')).toMatchObject({ total: 2, currentPage: 1, nextPage: 2 });
    const wrong = await harness.ask('GET', `/opportunities/search?locationId=${one}`);
    expect(wrong.status).toBe(422);
  });

  it('come with the pipelines of their location', async () => {
    const mine = await harness.ask('GET', `/opportunities/pipelines?locationId=${one}`);
    expect(rows(mine.body, 'pipelines')[0]).toMatchObject({
      id: 'pipeline-1',
      stages: [{ id: 'stage-1' }, { id: 'stage-2' }],
    });
  });
});

describe('users and locations', () => {
  const user = {
    companyId: company,
    firstName: 'Bob',
    lastName: 'Rep',
    email: 'bob@x.test',
    password: 'secret',
    type: 'account',
    role: 'user',
    locationIds: [one],
  };

  it('makes, changes and removes a user, never showing the password', async () => {
    const made = await harness.ask('POST', '/users/', { token: 'pit-company', body: user });
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body)).not.toContain('secret');
    const path = `/users/${String(made.body['id'])}`;
    const changed = await harness.ask('PUT', path, { token: 'pit-company', body: { locationIds: [two] } });
    expect(inner(changed.body, 'roles')['locationIds']).toEqual([two]);
    expect((await harness.ask('GET', path)).status).toBe(403);
    expect((await harness.ask('DELETE', path, { token: 'pit-company' })).body['succeded']).toBe(true);
    expect((await harness.ask('GET', path, { token: 'pit-company' })).status).toBe(404);
  });

  it('refuses a second user with the e-mail and one without a role', async () => {
    await harness.ask('POST', '/users/', { body: user });
    expect((await harness.ask('POST', '/users/', { body: user })).status).toBe(400);
    const { role: _role, ...incomplete } = user;
    expect((await harness.ask('POST', '/users/', { body: incomplete })).status).toBe(422);
  });

  it('finds users of a location by both lists', async () => {
    const search = await harness.ask('GET', `/users/search?companyId=${company}&locationId=${one}`);
    expect(search.body).toMatchObject({ count: 1, users: [{ id: 'user-1', name: 'Ada Rep' }] });
    const old = await harness.ask('GET', `/users/?locationId=${one}`);
    expect(rows(old.body, 'users')).toHaveLength(1);
    expect((await harness.ask('GET', `/users/?locationId=${one}`, { version: 'v3' })).status).toBe(400);
  });

  it('shows an agency its locations, and a location only itself', async () => {
    const search = await harness.ask('GET', `/locations/search?companyId=${company}`, { token: 'company-token' });
    expect(rows(search.body, 'locations').map((location) => location['name'])).toEqual(['One', 'Two']);
    expect((await harness.ask('GET', '/locations/search')).status).toBe(401);
    const own = await harness.ask('GET', `/locations/${one}`);
    expect(own.body['location']).toMatchObject({ id: one, settings: { allowDuplicateContact: false } });
  });
});
