import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inner, one, startHarness } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.simulator.close());

const create = (body: object): Promise<Answer> =>
  harness.ask('POST', '/contacts/', { body: { locationId: one, ...body } });
const upsert = (body: object): Promise<Answer> =>
  harness.ask('POST', '/contacts/upsert', { body: { locationId: one, ...body } });
const idOf = (answer: Answer): string => String(inner(answer.body, 'contact')['id']);
const read = async (id: string): Promise<Record<string, unknown>> =>
  inner((await harness.ask('GET', `/contacts/${id}`)).body, 'contact');

describe('contacts', () => {
  it('creates, reads, updates and deletes', async () => {
    const made = await create({ name: 'Ann Lee', email: 'Ann@x.test', phone: '(555) 123-4567', tags: ['VIP'] });
    expect(made.status).toBe(201);
    const id = idOf(made);
    expect(id).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(await read(id)).toMatchObject({
      firstName: 'Ann',
      lastName: 'Lee',
      emailLowerCase: 'ann@x.test',
      phone: '+15551234567',
      tags: ['vip'],
    });
    const updated = await harness.ask('PUT', `/contacts/${id}`, { body: { city: 'Austin' } });
    expect(updated.body).toMatchObject({ succeded: true });
    expect(await read(id)).toMatchObject({ city: 'Austin', firstName: 'Ann' });
    expect((await harness.ask('DELETE', `/contacts/${id}`)).body['succeded']).toBe(true);
    expect((await harness.ask('GET', `/contacts/${id}`)).status).toBe(400);
  });

  it('names each property it does not know', async () => {
    const answer = await create({ email: 'a@x.test', additionalEmails: [], nickname: 'A' });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      statusCode: 422,
      error: 'Unprocessable Entity',
      message: ['property additionalEmails should not exist', 'property nickname should not exist'],
    });
  });

  it.each(['locationId', 'gender', 'companyName'])('refuses %s in an update', async (property) => {
    const id = idOf(await create({ email: 'a@x.test' }));
    const answer = await harness.ask('PUT', `/contacts/${id}`, { body: { [property]: one } });
    expect(answer.body['message']).toEqual([`property ${property} should not exist`]);
  });

  it('refuses a duplicate and says whose it is', async () => {
    const id = idOf(await create({ email: 'a@x.test', name: 'Ann Lee' }));
    const answer = await create({ email: 'A@X.test' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      statusCode: 400,
      message: 'This location does not allow duplicated contacts.',
      meta: { contactId: id, contactName: 'Ann Lee', matchingField: 'email' },
    });
  });

  it('refuses an update that takes the phone of another', async () => {
    await create({ phone: '+15551110000' });
    const id = idOf(await create({ phone: '+15552220000' }));
    const answer = await harness.ask('PUT', `/contacts/${id}`, { body: { phone: '+15551110000' } });
    expect(inner(answer.body, 'meta')['matchingField']).toBe('phone');
  });

  it('allows duplicates where the location does', async () => {
    await harness.control.changeLocation(one, { settings: { allowDuplicateContact: true } });
    await create({ email: 'a@x.test' });
    expect((await create({ email: 'a@x.test' })).status).toBe(201);
  });
});

describe('upsert', () => {
  it('creates first and updates then', async () => {
    const first = await upsert({ email: 'a@x.test' });
    const second = await upsert({ email: 'a@x.test', city: 'Austin' });
    expect([first.body['new'], second.body['new']]).toEqual([true, false]);
    expect(idOf(second)).toBe(idOf(first));
  });

  it('replaces all tags, where the tags endpoint adds', async () => {
    const id = idOf(await upsert({ email: 'a@x.test', tags: ['one', 'two'] }));
    await upsert({ email: 'a@x.test', tags: ['three'] });
    expect((await read(id))['tags']).toEqual(['three']);
    const added = await harness.ask('POST', `/contacts/${id}/tags`, { body: { tags: ['Four'] } });
    expect(added.body['tags']).toEqual(['three', 'four']);
    const removed = await harness.ask('DELETE', `/contacts/${id}/tags`, { body: { tags: ['three'] } });
    expect(removed.body['tags']).toEqual(['four']);
  });

  it('updates the contact of the stronger identifier and drops the other without a word', async () => {
    const byEmail = idOf(await create({ email: 'a@x.test', phone: '+15551110000' }));
    const byPhone = idOf(await create({ email: 'b@x.test', phone: '+15552220000' }));
    const answer = await upsert({ email: 'a@x.test', phone: '+15552220000', city: 'Austin' });
    expect(idOf(answer)).toBe(byEmail);
    expect(await read(byEmail)).toMatchObject({ phone: '+15551110000', city: 'Austin' });
    expect(await read(byPhone)).toMatchObject({ phone: '+15552220000' });
  });

  it('follows the location where the phone is stronger', async () => {
    await harness.control.changeLocation(one, { settings: { dedupe: ['phone', 'email'] } });
    await create({ email: 'a@x.test', phone: '+15551110000' });
    const byPhone = idOf(await create({ email: 'b@x.test', phone: '+15552220000' }));
    expect(idOf(await upsert({ email: 'a@x.test', phone: '+15552220000' }))).toBe(byPhone);
  });

  it('replaces the primary e-mail of a contact found by phone', async () => {
    const id = idOf(await create({ email: 'old@x.test', phone: '+15551110000' }));
    await upsert({ email: 'new@x.test', phone: '+15551110000' });
    expect(await read(id)).toMatchObject({ email: 'new@x.test', additionalEmails: [] });
  });

  it('makes another contact only where asked and allowed', async () => {
    await upsert({ email: 'a@x.test' });
    expect((await upsert({ email: 'a@x.test', createNewIfDuplicateAllowed: true })).body['new']).toBe(false);
    await harness.control.changeLocation(one, { settings: { allowDuplicateContact: true } });
    expect((await upsert({ email: 'a@x.test', createNewIfDuplicateAllowed: true })).body['new']).toBe(true);
    expect((await upsert({ email: 'a@x.test' })).body['new']).toBe(false);
  });

  it('writes over one custom field and keeps the others', async () => {
    const id = idOf(await upsert({ email: 'a@x.test', customFields: [{ id: 'f1', field_value: 'x' }] }));
    await upsert({ email: 'a@x.test', customFields: [{ id: 'f2', field_value: ['y'] }] });
    expect((await read(id))['customFields']).toEqual([
      { id: 'f1', value: 'x' },
      { id: 'f2', value: ['y'] },
    ]);
  });
});
