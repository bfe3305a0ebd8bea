import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inner, one, rows, startHarness, two } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: Array.from({ length: 25 }, (_, n) => ({
      id: `contact-${String(n).padStart(2, '0')}`,
      locationId: one,
      firstName: n === 3 ? 'Zoë' : 'Ann',
      email: `c${n}@x.test`,
      phone: `+1555000${String(n).padStart(4, '0')}`,
      tags: n % 5 === 0 ? ['five'] : [],
      customFields: n === 7 ? [{ id: 'field-1', value: 'blue' }] : [],
      dateAdded: new Date(Date.UTC(2026, 0, 1 + n)).toISOString(),
    })),
  });
  await harness.control.seed({ contacts: [{ id: 'elsewhere', locationId: two, email: 'c1@x.test' }] });
});
afterAll(() => harness.simulator.close());

const search = (body: object): Promise<Answer> =>
  harness.ask('POST', '/contacts/search', { body: { locationId: one, pageLimit: 100, ...body } });
const idsOf = (answer: Answer): unknown[] => rows(answer.body, 'contacts').map((contact) => contact['id']);

describe('POST /contacts/search', () => {
  it.each<[string, object[], number]>([
    ['eq on e-mail, in any case', [{ field: 'email', operator: 'eq', value: 'C1@x.test' }], 1],
    ['eq on a tag', [{ field: 'tags', operator: 'eq', value: 'five' }], 5],
    ['contains on the first name', [{ field: 'firstNameLowerCase', operator: 'contains', value: 'zo' }], 1],
    ['a custom field', [{ field: 'customFields.field-1', operator: 'eq', value: 'blue' }], 1],
    ['a range of dates', [{ field: 'dateAdded', operator: 'range', value: { gte: '2026-01-20T00:00:00Z' } }], 6],
    [
      'groups',
      [
        {
          group: 'OR',
          filters: [
            { field: 'email', operator: 'eq', value: 'c1@x.test' },
            { field: 'email', operator: 'eq', value: 'c2@x.test' },
          ],
        },
      ],
      2,
    ],
  ])('filters by %s', async (_case, filters, total) => {
    expect((await search({ filters })).body['total']).toBe(total);
  });

  it('pages by cursor through every contact once', async () => {
    const seen: unknown[] = [];
    let searchAfter: unknown;
    for (let page = 0; page < 4; page += 1) {
      const answer = await search({ pageLimit: 10, ...(searchAfter ? { searchAfter } : {}) });
      seen.push(...idsOf(answer));
      searchAfter = rows(answer.body, 'contacts').at(-1)?.['searchAfter'] ?? searchAfter;
    }
    expect(new Set(seen).size).toBe(25);
    expect(seen).toHaveLength(25);
  });

  it('pages by number, oldest first when asked', async () => {
    const answer = await search({ pageLimit: 10, page: 3, sort: [{ field: 'dateAdded', direction: 'asc' }] });
    expect(idsOf(answer)).toEqual(['contact-20', 'contact-21', 'contact-22', 'contact-23', 'contact-24']);
  });

  it('shows names in lower case only', async () => {
    const answer = await search({ filters: [{ field: 'id', operator: 'eq', value: 'contact-03' }] });
    expect(rows(answer.body, 'contacts')[0]).toMatchObject({ firstNameLowerCase: 'zoë' });
    expect(rows(answer.body, 'contacts')[0]).not.toHaveProperty('firstName');
  });

  it.each<[string, object, number]>([
    ['no page limit', { pageLimit: undefined }, 422],
    ['a page above 500', { pageLimit: 501 }, 422],
    ['page and cursor together', { page: 2, searchAfter: ['x'] }, 400],
    ['a page beyond 10,000 documents', { page: 101 }, 400],
    ['contains on e-mail', { filters: [{ field: 'email', operator: 'contains', value: 'c' }] }, 422],
  ])('refuses %s', async (_case, body, status) => {
    expect((await search(body)).status).toBe(status);
  });

  it('can miss phones and leave DND out, as was reported', async () => {
    await harness.control.updateContact('contact-04', { dndSettings: { SMS: { status: 'active' } } });
    const filters = [{ field: 'phone', operator: 'eq', value: '+15550000004' }];
    const found = rows((await search({ filters })).body, 'contacts')[0];
    expect(found).toHaveProperty('dndSettings.SMS.status', 'active');
    await harness.control.setBehaviour({ searchShowsDnd: false });
    expect(rows((await search({ filters })).body, 'contacts')[0]).not.toHaveProperty('dndSettings');
    await harness.control.setBehaviour({ phoneFilter: 'misses' });
    expect((await search({ filters })).body['total']).toBe(0);
    await harness.control.setBehaviour({ phoneFilter: 'finds', searchShowsDnd: true });
  });

  it('finds a new contact only after the lag', async () => {
    await harness.control.setBehaviour({ searchLagMs: 60_000 });
    await harness.control.createContact({ locationId: one, email: 'late@x.test' });
    const filters = [{ field: 'email', operator: 'eq', value: 'late@x.test' }];
    expect((await search({ filters })).body['total']).toBe(0);
    await harness.control.advanceClock(60_000);
    expect((await search({ filters })).body['total']).toBe(1);
    await harness.control.setBehaviour({ searchLagMs: 0 });
  });
});

describe('GET /contacts/search/duplicate', () => {
  const find = (query: string): Promise<Answer> =>
    harness.ask('GET', `/contacts/search/duplicate?locationId=${one}&${query}`);

  it('finds by e-mail and by encoded phone, within the location', async () => {
    expect(inner((await find('email=c1%40x.test')).body, 'contact')['id']).toBe('contact-01');
    expect(inner((await find('number=%2B15550000002')).body, 'contact')['id']).toBe('contact-02');
  });

  it('finds nothing for a stranger or an unencoded plus', async () => {
    expect((await find('email=nobody%40x.test')).body['contact']).toBeNull();
    expect((await find('number=+15550000002')).body['contact']).toBeNull();
  });
});
