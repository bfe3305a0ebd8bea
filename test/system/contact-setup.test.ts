import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const GHL_LOCATION = 'one-loc-chelsea';

let system: LiveSystem;
let agency: PlantedAgency;
let key: string;
let locationId: string;
beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  locationId = agency.locations.get('chelsea')!;
  key = await system.makeKey(agency.agencyId, 'location', locationId);
  await system.simulator.changeLocation(GHL_LOCATION, { rateLimit: { max: 10_000 } });
});
afterAll(() => system.stop());

const person = () => {
  const { postcode: _postcode, ...rest } = somebody();
  return rest;
};
/** A contact made in GHL, once the mirror has it by its event. */
const mirrored = async (fields: Record<string, unknown>): Promise<string> => {
  const { id } = await system.simulator.createContact({ locationId: GHL_LOCATION, ...fields });
  return waitFor('the mirror to have it', async () => {
    const { body } = await system.ask('GET', `/v1/contacts?ghlContactId=${id}`, key);
    return (body['contacts'] as { id: string }[])[0]?.id;
  });
};

describe('field mappings', () => {
  const path = () => `/v1/locations/${locationId}/field-mappings`;

  it('are made by asking GHL, serve contacts by their names both ways, and tell of drift', async () => {
    const wanted = { name: 'budget', type: 'number', create: true };
    const mapped = await system.ask('PUT', path(), key, wanted);
    expect(mapped).toMatchObject({
      status: 200,
      body: { mappings: [{ name: 'budget', type: 'number', drift: null }] },
    });
    const [field] = await system.simulator.listRecords('customFields', GHL_LOCATION);
    const unknown = await system.ask('PUT', path(), key, { name: 'size', type: 'text' });
    expect(unknown).toMatchObject({ status: 409, body: { code: 'field-unknown' } });

    const id = await mirrored({ ...person(), customFields: [{ id: field!.id, value: '7' }] });
    expect((await system.ask('GET', `/v1/contacts/${id}`, key)).body).toMatchObject({ fields: { budget: 7 } });
    await system.ask('PATCH', `/v1/contacts/${id}`, key, { fields: { budget: 9 } });
    const synced = await waitFor('GHL to have it', async () => {
      const { body } = await system.ask('GET', `/v1/contacts/${id}`, key);
      return body['syncStatus'] === 'synced' && body;
    });
    expect(synced).toMatchObject({ fields: { budget: 9 } });
    const there = (await system.simulator.listContacts(GHL_LOCATION)).find(
      ({ id: each }) => each === synced['ghlContactId'],
    );
    expect(there?.customFields).toEqual([{ id: field!.id, value: 9 }]);

    await system.simulator.seed({ customFields: [{ ...field!, dataType: 'TEXT' }] });
    const checked = await system.ask('POST', `${path()}/check`, key);
    expect(checked.body).toMatchObject({ mappings: [{ name: 'budget', drift: 'type-changed' }] });
    expect(
      (
        await fetch(`${system.apiUrl}${path()}/budget`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${key}` },
        })
      ).status,
    ).toBe(204);
    expect((await system.ask('GET', path(), key)).body).toEqual({ mappings: [] });
  });

  it('are refused with another location’s key', async () => {
    const other = await system.makeKey(agency.agencyId, 'location', agency.locations.get('cambridge'));
    expect((await system.ask('PUT', path(), other, { name: 'budget', type: 'number' })).status).toBe(404);
  });
});

describe('duplicates', () => {
  it('are listed by what they share, and merged by an operator’s word into one that keeps the lead', async () => {
    await system.simulator.changeLocation(GHL_LOCATION, { settings: { allowDuplicateContact: true } });
    const who = person();
    const survivorId = await mirrored({ ...who, tags: ['a'] });
    const loserId = await mirrored({ ...who, phone: '+12125550177', tags: ['b'] });
    await system.simulator.changeLocation(GHL_LOCATION, { settings: { allowDuplicateContact: false } });
    const { body } = await system.ask('GET', '/v1/duplicate-contacts', key);
    const [group] = body['groups'] as { reasons: string[]; contacts: { id: string }[] }[];
    expect(group?.reasons).toEqual(['same-email']);
    expect(group?.contacts.map(({ id }) => id).sort()).toEqual([survivorId, loserId].sort());
    expect((await system.ask('GET', '/v1/duplicate-contacts?within=agency', key)).status).toBe(403);

    const asked = await system.ask('POST', '/v1/contact-merges', key, { survivorId, loserId });
    expect(asked.status).toBe(202);
    expect((await system.ask('PATCH', `/v1/contacts/${loserId}`, key, { city: 'x' })).body).toMatchObject({
      code: 'contact-being-merged',
    });
    await waitFor('the merge', async () => {
      const merge = await system.ask('GET', `/v1/contact-merges/${String(asked.body['id'])}`, key);
      return merge.body['outcome'] === 'merged';
    });
    const shown = await system.ask('GET', `/v1/contacts/${loserId}`, key);
    expect(shown.body).toMatchObject({ id: survivorId, tags: ['a', 'b'], phone: '+12125550177' });
    const there = (await system.simulator.listContacts(GHL_LOCATION)).filter(({ email }) => email === who.email);
    expect(there).toHaveLength(1);
    expect((await system.ask('GET', '/v1/duplicate-contacts', key)).body).toEqual({ groups: [] });
  });
});
