import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { idsInGhl, pictureOfGhl, pictureOfMirror } from '../stack/mirror-picture.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { TEST_APP } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

let system: LiveSystem;
let agency: PlantedAgency;
let leads: LeadHarness;
beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  leads = createLeadHarness(system, agency);
});
afterAll(() => system.stop());

const expectInStep = async (key: string): Promise<void> => {
  const pictures = () =>
    Promise.all([
      pictureOfMirror(system.database, agency.locations.get(key)!),
      pictureOfGhl(system.simulator, `one-loc-${key}`),
    ]);
  await waitFor(`${key} to be in step`, async () => {
    const [mirror, ghl] = await pictures();
    return JSON.stringify(sorted(mirror)) === JSON.stringify(sorted(ghl));
  }).catch(async (error: unknown) => {
    const [mirror, ghl] = await pictures();
    expect(mirror).toEqual(ghl);
    throw error;
  });
};
/** Postgres keeps JSON in an order of its own. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
};

describe('the mirror of a location', () => {
  it('follows what people and this system do in GHL, field by field, by events alone', async () => {
    const { postcode: postalCode, ...person } = somebody('02116');
    const asked = await system.simulator.createContact({
      locationId: 'one-loc-master',
      ...person,
      postalCode: postalCode!,
    });
    const lead = await waitFor('the lead', () =>
      system.database.ownerDb
        .selectFrom('leads')
        .select('id')
        .where('source_contact_id', '=', asked.id)
        .executeTakeFirst(),
    );
    await leads.inState(lead.id, 'assigned');
    await expectInStep('master');
    await waitFor('the rep to be told', async () => (await system.simulator.listTasks('one-loc-back-bay')).length > 0);
    await expectInStep('back-bay');
    const mirror = await pictureOfMirror(system.database, agency.locations.get('back-bay')!);
    for (const kind of ['contact', 'opportunity', 'note', 'task']) {
      expect(Object.keys(mirror[kind]!), kind).toHaveLength(1);
    }
    expect(Object.values(mirror['contact']!)[0]).toMatchObject({ firstName: person.firstName, email: person.email });
  });

  it('follows changes, restored tags and deletions, however often and in whatever order events come', async () => {
    await system.simulator.setWebhooks({ duplicateRate: 0.5, reorderWithinMs: 300 });
    const contacts = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { postcode: _postcode, ...person } = somebody();
        return system.simulator.createContact({ locationId: 'one-loc-chelsea', ...person });
      }),
    );
    for (const [index, { id }] of contacts.entries()) {
      await system.simulator.updateContact(id, { city: `City ${index}`, tags: [`tag-${index}`, 'all'] });
      await system.simulator.updateContact(id, { tags: ['all'] });
      if (index % 3 === 0) await system.simulator.deleteContact(id);
    }
    await expectInStep('chelsea');
  });

  it('follows each kind of event of a contact, its notes and its tasks, that another app causes', async () => {
    await system.simulator.setWebhooks({ duplicateRate: 0, reorderWithinMs: 0 });
    const ask = await asAnotherApp('one-loc-chelsea');
    const { postcode: _postcode, ...person } = somebody();
    const { contact } = await ask<{ contact: { id: string } }>('POST', '/contacts/', {
      locationId: 'one-loc-chelsea',
      ...person,
    });
    const at = `/contacts/${contact.id}`;
    const [note, task] = [{ id: '' }, { id: '' }];
    const steps: [event: string, cause: () => Promise<unknown>][] = [
      ['ContactCreate', () => Promise.resolve()],
      ['ContactUpdate', () => ask('PUT', at, { city: 'Salem' })],
      ['ContactTagUpdate', () => ask('POST', `${at}/tags`, { tags: ['vip'] })],
      ['ContactDndUpdate', () => ask('PUT', at, { dndSettings: { SMS: { status: 'permanent', code: '30004' } } })],
      [
        'NoteCreate',
        async () => Object.assign(note, (await ask<Named>('POST', `${at}/notes`, { body: 'one' }))['note']),
      ],
      ['NoteUpdate', () => ask('PUT', `${at}/notes/${note.id}`, { body: 'two' })],
      ['NoteDelete', () => ask('DELETE', `${at}/notes/${note.id}`)],
      [
        'TaskCreate',
        async () => {
          const body = { title: 'Call', dueDate: '2027-01-01T00:00:00.000Z', completed: false };
          Object.assign(task, (await ask<Named>('POST', `${at}/tasks`, body))['task']);
        },
      ],
      ['TaskComplete', () => ask('PUT', `${at}/tasks/${task.id}/completed`, { completed: true })],
      ['TaskDelete', () => ask('DELETE', `${at}/tasks/${task.id}`)],
      ['ContactDelete', () => ask('DELETE', at)],
    ];
    for (const [event, cause] of steps) {
      await cause();
      // It alone tells of the change: without it the mirror stays as it was.
      const told = () => system.simulator.listDeliveries({ type: event });
      await waitFor(event, async () => (await told()).length > 0);
      await expectInStep('chelsea');
    }
  });

  it('follows a live account through doubled and reordered events', async () => {
    const ghlLocationId = 'one-loc-back-bay';
    await system.simulator.seed({ calendars: [{ id: 'calendar', locationId: ghlLocationId, name: 'Visits' }] });
    await system.simulator.setWebhooks({ duplicateRate: 0.3, reorderWithinMs: 500 });
    await system.simulator.makeChanges({ locationId: ghlLocationId, count: 20, weights: { create: 1 } });
    await system.simulator.makeChanges({ locationId: ghlLocationId, count: 120 });
    const locationId = agency.locations.get('back-bay')!;
    // What hung on a deleted contact goes without an event; all that is there is known.
    await waitFor('both sides to be in step', async () => {
      const [mirror, ghl] = await Promise.all([
        pictureOfMirror(system.database, locationId),
        pictureOfGhl(system.simulator, ghlLocationId),
      ]);
      expect(sorted(mirror['contact'])).toEqual(sorted(ghl['contact']));
      expect(mirror['opportunity']).toMatchObject(ghl['opportunity']!);
      const ids = await idsInGhl(system.simulator, ghlLocationId);
      const known = await knownIds(locationId);
      for (const kind of ['message', 'appointment']) {
        expect(ids[kind]!.length).toBeGreaterThan(0);
        expect(known).toEqual(expect.arrayContaining(ids[kind]!));
      }
      return true;
    });
  });
});

type Named = Record<string, { id: string }>;

/** Calls of an app of somebody else that the location has as well. */
async function asAnotherApp(locationId: string) {
  const { companyId } = (await system.simulator.listLocations()).find(({ id }) => id === locationId)!;
  const token = `another-${locationId}`;
  const { clientId } = TEST_APP;
  await system.simulator.seed({
    tokens: [{ token, class: 'Location', kind: 'oauth', clientId, companyId, locationId }],
  });
  const headers = { authorization: `Bearer ${token}`, version: '2021-07-28', 'content-type': 'application/json' };
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${system.simulatorUrl}${path}`, init);
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
}

async function knownIds(locationId: string): Promise<string[]> {
  const { ownerDb } = system.database;
  const messages = await ownerDb
    .selectFrom('messages')
    .select('ghl_id')
    .where('location_id', '=', locationId)
    .execute();
  const others = await ownerDb
    .selectFrom('mirror_records')
    .select('ghl_id')
    .where('location_id', '=', locationId)
    .execute();
  return [...messages, ...others].map((row) => row.ghl_id);
}
