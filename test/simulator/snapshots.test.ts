import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { company, inner, one, rows, startHarness } from './harness.ts';
import type { Answer, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.control.setBehaviour({ snapshotAssetMs: 60_000 });
  await harness.control.seed({
    snapshots: [
      {
        id: 'snap-1',
        companyId: company,
        name: 'Roofers',
        assets: {
          tags: ['roof'],
          custom_fields: [{ name: 'Roof Age', dataType: 'NUMERICAL' }],
          custom_values: [{ name: 'Brand', value: 'Acme' }],
          pipelines: [{ name: 'Roofs', stages: ['New', 'Won'] }],
          workflows: ['Welcome'],
        },
      },
      { id: 'theirs', companyId: 'company-2', name: 'Theirs' },
    ],
  });
});
afterEach(() => harness.simulator.close());

const asAgency = { token: 'company-token' };
const create = async (): Promise<string> => {
  const body = { companyId: company, name: 'Three', snapshotId: 'snap-1' };
  return String((await harness.ask('POST', '/locations/', { ...asAgency, body })).body['id']);
};
const statusOf = (locationId: string): Promise<Answer> =>
  harness.ask('GET', `/snapshots/snapshot-status/snap-1/location/${locationId}?companyId=${company}`, asAgency);
const stateOf = async (locationId: string): Promise<Record<string, unknown>> =>
  inner((await statusOf(locationId)).body, 'data');
const readAs = async (locationId: string, path: string, key: string): Promise<Record<string, unknown>[]> => {
  await harness.control.seed({
    tokens: [{ token: `pit-${locationId}`, class: 'Location', companyId: company, locationId }],
  });
  return rows((await harness.ask('GET', path, { token: `pit-${locationId}` })).body, key);
};

describe('loading a snapshot', () => {
  it('goes on by itself after the location was made, asset by asset', async () => {
    const id = await create();
    const all = ['tags', 'custom_fields', 'custom_values', 'pipelines', 'workflows'];
    expect(await stateOf(id)).toMatchObject({ locationId: id, status: 'pending', completed: [], pending: all });
    await harness.control.advanceClock(60_000);
    expect(await stateOf(id)).toMatchObject({ status: 'processing', completed: ['tags'], pending: all.slice(1) });
    expect((await readAs(id, `/locations/${id}/tags`, 'tags')).map(({ name }) => name)).toEqual(['roof']);
    expect(await readAs(id, `/locations/${id}/customValues`, 'customValues')).toEqual([]);
    for (const _left of all.slice(1)) await harness.control.advanceClock(60_000);
    expect(await stateOf(id)).toMatchObject({ status: 'completed', completed: all, pending: [] });
    expect((await readAs(id, `/locations/${id}/customFields`, 'customFields'))[0]?.['fieldKey']).toBe(
      'contact.roof_age',
    );
    expect((await readAs(id, `/locations/${id}/customValues`, 'customValues'))[0]?.['value']).toBe('Acme');
    const [pipeline] = await readAs(id, `/opportunities/pipelines?locationId=${id}`, 'pipelines');
    expect(pipeline).toMatchObject({ name: 'Roofs', stages: [{ name: 'New' }, { name: 'Won' }] });
    expect(await harness.control.listRecords('workflows', id)).toMatchObject([
      { name: 'Welcome', status: 'published' },
    ]);
  });

  it('is over after a long enough leap of the clock', async () => {
    const id = await create();
    await harness.control.advanceClock(5 * 60_000);
    expect(await stateOf(id)).toMatchObject({ status: 'completed', pending: [] });
  });

  it('can stop before its end', async () => {
    await harness.control.setBehaviour({ snapshotOutcome: 'failed' });
    const id = await create();
    await harness.control.advanceClock(3_600_000);
    expect(await stateOf(id)).toMatchObject({ status: 'failed', pending: ['workflows'] });
    expect(await harness.control.listRecords('workflows', id)).toEqual([]);
  });

  it('can call itself completed with assets missing', async () => {
    await harness.control.setBehaviour({ snapshotOutcome: 'assets-missing', snapshotMissingAssets: ['custom_values'] });
    const id = await create();
    await harness.control.advanceClock(3_600_000);
    const state = await stateOf(id);
    expect(state).toMatchObject({ status: 'completed', pending: [] });
    expect(state['completed']).not.toContain('custom_values');
    expect(await harness.control.listRecords('customValues', id)).toEqual([]);
    expect(await harness.control.listRecords('customFields', id)).toHaveLength(1);
  });

  it('into a location that has some of it keeps what is there, unless told to override', async () => {
    const load = async (override: boolean): Promise<string | undefined> => {
      const body = { companyId: company, snapshot: { id: 'snap-1', override } };
      expect((await harness.ask('PUT', `/locations/${one}`, { ...asAgency, body })).status).toBe(200);
      await harness.control.advanceClock(3_600_000);
      return (await harness.control.listRecords('customValues', one))[0]?.value;
    };
    await harness.ask('POST', `/locations/${one}/customValues`, { body: { name: 'Brand', value: 'Mine' } });
    expect(await load(false)).toBe('Mine');
    expect(await load(true)).toBe('Acme');
    expect(await harness.control.listRecords('customValues', one)).toHaveLength(1);
    expect(await harness.control.listRecords('locationTags', one)).toHaveLength(1);
  });

  it('needs a snapshot of the own agency and makes no location otherwise', async () => {
    const body = { companyId: company, name: 'Three', snapshotId: 'theirs' };
    expect((await harness.ask('POST', '/locations/', { ...asAgency, body })).status).toBe(400);
    expect(await harness.control.listLocations()).toHaveLength(2);
  });
});

describe('snapshots', () => {
  it('are listed for the own agency only', async () => {
    const list = await harness.ask('GET', `/snapshots/?companyId=${company}`, asAgency);
    expect(list.body['snapshots']).toEqual([{ id: 'snap-1', name: 'Roofers', type: 'own' }]);
    expect((await harness.ask('GET', '/snapshots/?companyId=company-2', asAgency)).status).toBe(403);
    expect((await harness.ask('GET', `/snapshots/?companyId=${company}`)).status).toBe(401);
  });

  it('are shared by a link', async () => {
    const body = { snapshot_id: 'snap-1', share_type: 'link' };
    const shared = await harness.ask('POST', `/snapshots/share/link?companyId=${company}`, { ...asAgency, body });
    expect(shared.status).toBe(201);
    expect(shared.body['shareLink']).toContain(String(shared.body['id']));
  });

  it('tell where they were loaded, within ISO dates alone', async () => {
    const id = await create();
    const path = `/snapshots/snapshot-status/snap-1?companyId=${company}`;
    const list = await harness.ask('GET', `${path}&from=2020-01-01&to=2099-01-01`, asAgency);
    expect(rows(list.body, 'data')).toMatchObject([
      {
        locationId: id,
        status: 'pending',
        dateAdded: expect.stringMatching(/^\d+\/\d+\/\d+, \d+:\d+:\d+ [AP]M$/) as string,
      },
    ]);
    const before = await harness.ask('GET', `${path}&from=2020-01-01&to=2020-01-02`, asAgency);
    expect(before.body['data']).toEqual([]);
    expect((await harness.ask('GET', `${path}&from=01/01/2020&to=2099-01-01`, asAgency)).status).toBe(400);
    expect((await statusOf(one)).status).toBe(404);
  });
});
