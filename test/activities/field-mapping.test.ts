import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { listFieldMappings } from '../../db/field-mappings.ts';
import type { MappingRequest } from '../../domain/field-mapping.ts';
import { run } from '../stack/activity-bench.ts';
import { type ContactWorld, startContactWorld } from './contact-world.ts';
import { failureOf } from './failure.ts';
import { expectToRepeat } from './picture.ts';

type DataType = 'TEXT' | 'NUMERICAL' | 'SINGLE_OPTIONS' | 'MULTIPLE_OPTIONS' | 'DATE';

let world: ContactWorld;
beforeAll(async () => {
  world = await startContactWorld();
  const locationId = world.ghlLocationId;
  const field = (id: string, name: string, dataType: DataType, more: object = {}) => ({
    id,
    locationId,
    name,
    fieldKey: `contact.${id}`,
    dataType,
    ...more,
  });
  await world.bench.simulator.seed({
    customFields: [
      field('f-budget', 'Budget', 'NUMERICAL'),
      field('f-colour', 'Colour', 'SINGLE_OPTIONS', { picklistOptions: ['red', 'blue'] }),
      field('f-due', 'Due', 'DATE'),
      field('f-fits', 'Fits', 'MULTIPLE_OPTIONS', { picklistOptions: ['s', 'm', 'l'] }),
      field('f-twice-1', 'Twice', 'TEXT'),
      field('f-twice-2', 'Twice', 'TEXT'),
      field('f-deal', 'Deal', 'TEXT', { model: 'opportunity', fieldKey: 'opportunity.deal' }),
    ],
  });
});
afterEach(() => {
  world.bench.clock.at = undefined;
});
afterAll(() => world.bench.stop());

const args = (request: Partial<MappingRequest>) => {
  const wanted: MappingRequest = { name: 'budget', type: 'number', options: [], create: false, ...request };
  const { agencyId, locationId } = world;
  return { agencyId, locationId, request: wanted, actor: 'cli:tester', origin: 'cli' as const };
};
const map = (request: Partial<MappingRequest>) => run(world.bench.fieldsGhl.mapField, args(request));
const mapped = () => world.asAgency((tx) => listFieldMappings(tx, world.locationId));
const fieldsInGhl = () => world.bench.simulator.listRecords('customFields', world.ghlLocationId);

describe('mapping a field', () => {
  it('finds it by id, key or name, and can be asked again', async () => {
    expect(await map({})).toBe('mapped');
    expect(await map({ field: 'contact.f-budget' })).toBe('mapped');
    expect(await map({ field: 'f-budget' })).toBe('mapped');
    expect(await mapped()).toMatchObject([{ name: 'budget', type: 'number', ghlFieldId: 'f-budget', drift: null }]);
  });

  it.each<[string, Partial<MappingRequest>]>([
    ['field-unknown', { name: 'size', type: 'text' }],
    ['field-unknown', { name: 'deal', type: 'text' }],
    ['field-ambiguous', { name: 'twice', type: 'text' }],
    ['type-does-not-fit', { name: 'colour', type: 'number' }],
    ['options-unknown', { name: 'colour', type: 'option', options: ['green'] }],
    ['cannot-be-created', { name: 'papers', type: 'files', create: true }],
    ['cannot-be-created', { name: 'sizes', type: 'options', create: true }],
    ['field-mapped-already', { name: 'money', type: 'number', field: 'f-budget' }],
  ])('is refused as %s', async (outcome, request) => {
    const before = [await mapped(), await fieldsInGhl()];
    expect(await map(request)).toBe(outcome);
    expect([await mapped(), await fieldsInGhl()]).toEqual(before);
  });

  it('makes the field once where that is asked for, also when the answer is lost', async () => {
    await world.bench.simulator.addFault({ cutAfterCommit: true, times: 1, method: 'POST', path: '/customFields' });
    const wanted = args({ name: 'shoe', type: 'option', options: ['small', 'large'], create: true });
    expect(await failureOf(run(world.bench.fieldsGhl.mapField, wanted))).toMatchObject({ type: 'GhlUnavailable' });
    expect(await run(world.bench.fieldsGhl.mapField, wanted, { attempt: 2 })).toBe('mapped');
    const made = (await fieldsInGhl()).filter(({ name }) => name === 'shoe');
    expect(made).toMatchObject([{ dataType: 'SINGLE_OPTIONS', picklistOptions: ['small', 'large'] }]);
  });

  it('in the name of another agency is refused, and of what is none as well', async () => {
    const theirs = { ...args({}), agencyId: world.neighbour.agencyId };
    expect(await failureOf(run(world.bench.fieldsGhl.mapField, theirs))).toMatchObject({ type: 'LocationNotFound' });
    const check = run(world.bench.fieldsGhl.checkFields, theirs);
    expect(await failureOf(check)).toMatchObject({ type: 'LocationNotFound' });
    const junk = { ...args({}), request: { name: 'No Name' } as never };
    expect(await failureOf(run(world.bench.fieldsGhl.mapField, junk))).toMatchObject({ type: 'FieldMappingMalformed' });
  });
});

describe('a mapped field that is not what it was', () => {
  it('is reported as gone, of another type or of other options, once each, until it is as it was', async () => {
    const { bench, agencyId, locationId } = world;
    // It notes when it looked.
    bench.clock.at = new Date();
    await map({ name: 'colour', type: 'option', options: ['red'] });
    const check = () => expectToRepeat(bench, world, bench.fieldsGhl.checkFields, { agencyId, locationId });
    const drifts = async () => Object.fromEntries((await mapped()).map(({ name, drift }) => [name, drift]));
    const open = async () =>
      (await world.agency.letters())
        .filter((each) => each.subject_kind === 'field-mapping' && each.resolved_at === null)
        .map((each) => `${each.subject_id.split('/')[1]} ${each.cause}`)
        .sort();
    const become = (id: string, more: object) =>
      bench.simulator.seed({
        customFields: [
          { id, locationId: world.ghlLocationId, name: id, fieldKey: `contact.${id}`, dataType: 'TEXT', ...more },
        ],
      });
    await check();
    expect(await drifts()).toEqual({ budget: null, colour: null, shoe: null });
    await become('f-colour', { dataType: 'SINGLE_OPTIONS', picklistOptions: ['blue', 'red', 'green'] });
    await become('f-budget', {});
    await check();
    expect(await drifts()).toMatchObject({ budget: 'type-changed', colour: 'options-changed' });
    expect(await open()).toEqual(['budget field-drift:type-changed', 'colour field-drift:options-changed']);
    await become('f-budget', { dataType: 'NUMERICAL' });
    await become('f-colour', { model: 'opportunity' });
    await check();
    expect(await drifts()).toMatchObject({ budget: null, colour: 'gone' });
    expect(await open()).toEqual(['colour field-drift:gone']);
  });
});

describe('a value that GHL shows in another shape than it was written', () => {
  const known = (id: string, value: unknown) => world.known({ firstName: 'Ann', customFields: [{ id, value }] });
  const shownAs = async (contactId: string, id: string) => {
    const { ghl_id: ghlId } = await world.get(contactId);
    return (await world.shown(ghlId!))?.customFields.find((each) => each.id === id)?.value;
  };

  it('is taken: a day in milliseconds, which is no change when it is asked for again', async () => {
    expect(await map({ name: 'due', type: 'date' })).toBe('mapped');
    await world.bench.simulator.setBehaviour({ dateFields: 'milliseconds' });
    const contact = await known('f-due', '2027-01-01');
    await world.change(contact.id, { 'custom:f-due': '2027-01-31' });
    await world.push(contact.id);
    expect(await shownAs(contact.id, 'f-due')).toBe(Date.UTC(2027, 0, 31));
    expect(await world.fates(contact.id)).toEqual(['custom:f-due synced written']);
    expect(await world.change(contact.id, { 'custom:f-due': '2027-01-31' })).toEqual([]);
    await world.bench.simulator.setBehaviour({ dateFields: 'as-written' });
  });

  it('is no conflict: the day an edit was made on, told with a time', async () => {
    const contact = await known('f-due', '2027-01-01');
    await world.asAgency((tx) => setConflictPolicy(tx, { ...world, field: 'custom:f-due' }, 'ask'));
    await world.change(contact.id, { 'custom:f-due': '2027-01-31' });
    const customFields = [{ id: 'f-due', value: '2027-01-01T00:00:00.000Z' }];
    await world.bench.simulator.updateContact(contact.ghl_id!, { customFields });
    await world.push(contact.id);
    expect(await world.fates(contact.id)).toEqual(['custom:f-due synced written']);
    expect(await shownAs(contact.id, 'f-due')).toBe('2027-01-31');
  });

  it('is there: the same choices in another order are not written', async () => {
    expect(await map({ name: 'fits', type: 'options', options: ['s', 'm'] })).toBe('mapped');
    const contact = await known('f-fits', ['l']);
    await world.change(contact.id, { 'custom:f-fits': ['s', 'm'] });
    await world.bench.simulator.updateContact(contact.ghl_id!, {
      customFields: [{ id: 'f-fits', value: ['m', 's'] }],
    });
    await world.push(contact.id);
    expect(await world.fates(contact.id)).toEqual(['custom:f-fits synced ghl-has-it']);
  });
});
