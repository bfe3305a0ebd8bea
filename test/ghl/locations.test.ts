import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createCustomField,
  createCustomValue,
  createLocationTag,
  listCustomFields,
  listCustomValues,
  listLocationTags,
  updateCustomField,
  updateCustomValue,
} from '../../ghl/location-setup.ts';
import { createLocation, getLocationOfCompany, searchLocations, updateLocation } from '../../ghl/locations.ts';
import { agency, here, many, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
});
afterEach(() => world.close());

describe('a location', () => {
  it('is made by the agency, read by it at once and changed', async () => {
    const made = await createLocation(world.ghl, agency, {
      name: 'Boston',
      country: 'US',
      timezone: 'America/New_York',
      settings: { allowDuplicateContact: true },
    });
    expect(made).toMatchObject({ companyId: 'company1', name: 'Boston' });
    await updateLocation(world.ghl, agency, made.id, { city: 'Boston', settings: { allowDuplicateContact: false } });
    expect(await getLocationOfCompany(world.ghl, agency, made.id)).toMatchObject({
      name: 'Boston',
      city: 'Boston',
      settings: { allowDuplicateContact: false },
    });
  });

  it('is looked for by its e-mail, and among all page by page', async () => {
    await world.control.seed({
      locations: many(25, (index) => ({
        id: `more${index}`,
        companyId: 'company1',
        name: `More ${index}`,
        email: `l${index}@example.com`,
      })),
    });
    await world.control.seed({ companies: [{ id: 'other' }], locations: [{ id: 'foreign', companyId: 'other' }] });
    const found = await searchLocations(world.ghl, agency, { email: 'L7@example.com', limit: 10 });
    expect(found).toMatchObject({ items: [{ id: 'more7' }], next: null });
    const { items, pages } = await readAll((skip: number | undefined) =>
      searchLocations(world.ghl, agency, { limit: 10 }, skip),
    );
    expect(new Set(items.map(({ id }) => id)).size).toBe(27);
    expect(items.map(({ id }) => id)).not.toContain('foreign');
    expect(pages).toBe(3);
  });

  it('is refused below the plan that allows it, and the third of a sandbox', async () => {
    const make = () => createLocation(world.ghl, agency, { name: 'Boston' });
    await world.control.seed({ companies: [{ id: 'company1', plan: 'unlimited' }] });
    await expect(make()).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'plan' });
    await world.control.seed({ companies: [{ id: 'company1', plan: 'agency-pro', sandbox: true }] });
    await expect(make()).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'location-limit' });
    expect(await world.control.listLocations()).toHaveLength(2);
  });

  it('may have been made although no answer came', async () => {
    await world.control.addFault({ path: '^/locations/$', cutAfterCommit: true });
    const call = createLocation(world.ghl, agency, { name: 'Boston' });
    await expect(call).rejects.toMatchObject({ code: 'GhlUnavailable', ambiguous: true });
    expect(await world.control.listLocations()).toHaveLength(3);
  });

  it('of another agency is refused', async () => {
    await world.control.seed({ companies: [{ id: 'other' }], locations: [{ id: 'foreign', companyId: 'other' }] });
    const call = getLocationOfCompany(world.ghl, agency, 'foreign');
    await expect(call).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
  });
});

describe('what is set up in a location', () => {
  it('are custom fields of contacts and of opportunities', async () => {
    const field = await createCustomField(world.ghl, here, {
      name: 'Best time',
      dataType: 'SINGLE_OPTIONS',
      model: 'contact',
      options: ['noon'],
    });
    await createCustomField(world.ghl, here, { name: 'Size', dataType: 'NUMERICAL', model: 'opportunity' });
    await updateCustomField(world.ghl, here, field.id, { name: 'When', options: ['noon', 'evening'] });
    expect(await listCustomFields(world.ghl, here)).toMatchObject([
      { id: field.id, name: 'When', fieldKey: 'contact.best_time', picklistOptions: ['noon', 'evening'] },
      { name: 'Size', model: 'opportunity', dataType: 'NUMERICAL', picklistOptions: [] },
    ]);
  });

  it('are custom values', async () => {
    const value = await createCustomValue(world.ghl, here, { name: 'Brand', value: 'Acme' });
    await updateCustomValue(world.ghl, here, value.id, { name: 'Brand', value: 'Apex' });
    expect(await listCustomValues(world.ghl, here)).toEqual([{ ...value, value: 'Apex' }]);
  });

  it('are tags, those that contacts were given among them', async () => {
    const tag = await createLocationTag(world.ghl, here, 'Hot Lead');
    expect(tag.name).toBe('hot lead');
    await world.control.createContact({ locationId: 'loc1', firstName: 'Ann', tags: ['web'] });
    const again = createLocationTag(world.ghl, here, 'HOT LEAD');
    await expect(again).rejects.toMatchObject({ code: 'GhlInvalid' });
    expect((await listLocationTags(world.ghl, here)).map(({ name }) => name)).toEqual(['hot lead', 'web']);
  });
});
