import { z } from 'zod';
import { ok, plainRefusal } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import type { Simulation } from '../../simulation.ts';
import type { LocationTag } from '../../world/account-records.ts';
import { normaliseTags } from '../contact-fields.ts';
import { replaceContact } from '../contact-writes.ts';
import { getOwned, getPathLocation } from './owned.ts';

const tagSchema = z.strictObject({ name: z.string().min(1) });
const read = { access: 'location', scope: 'locations/tags.readonly' } as const;
const write = { access: 'location', scope: 'locations/tags.write' } as const;
const collection = '/locations/:locationId/tags';
const single = `${collection}/:tagId`;

export const locationTagRoutes: Route[] = [
  {
    ...read,
    method: 'get',
    path: collection,
    handle: (call) => ok({ tags: listTags(call.sim, getPathLocation(call).id) }),
  },
  {
    ...write,
    method: 'post',
    path: collection,
    handle(call) {
      const name = nameIn(call);
      const { id: locationId } = getPathLocation(call);
      refuseTaken(call.sim, locationId, name);
      return ok({ tag: addTag(call.sim, locationId, name) }, 201);
    },
  },
  { ...read, method: 'get', path: single, handle: (call) => ok({ tag: getTag(call) }) },
  {
    ...write,
    method: 'put',
    path: single,
    handle(call) {
      const name = nameIn(call);
      const before = getTag(call);
      if (name !== before.name) refuseTaken(call.sim, before.locationId, name);
      const tag = { ...before, name };
      call.sim.world.locationTags.set(tag.id, tag);
      changeOnContacts(call.sim, before, [name]);
      return ok({ tag });
    },
  },
  {
    ...write,
    method: 'delete',
    path: single,
    handle(call) {
      const tag = getTag(call);
      call.sim.world.locationTags.delete(tag.id);
      changeOnContacts(call.sim, tag, []);
      return ok({ succeded: true });
    },
  },
];

/** Lists the tags of a location; one that a contact was given is the location's from then on. */
export function listTags(sim: Simulation, locationId: string): LocationTag[] {
  const known = new Set(sim.world.locationTags.listBy('locationId', locationId).map(({ name }) => name));
  const generated = sim.world.populations.of(locationId)?.tags ?? [];
  const used = [...generated, ...sim.world.contacts.listStored(locationId).flatMap(({ tags }) => tags)];
  for (const name of new Set(used)) if (!known.has(name)) addTag(sim, locationId, name);
  return sim.world.locationTags.listBy('locationId', locationId);
}

/** Adds a tag to a location and returns it; a name that is there already gives that tag. */
export function addTag(sim: Simulation, locationId: string, name: string): LocationTag {
  const known = findTag(sim, locationId, name);
  if (known) return known;
  const tag: LocationTag = { id: sim.random.id(), locationId, name };
  sim.world.locationTags.set(tag.id, tag);
  return tag;
}

function findTag(sim: Simulation, locationId: string, name: string): LocationTag | undefined {
  return sim.world.locationTags.listBy('locationId', locationId).find((tag) => tag.name === name);
}

function nameIn(call: Call): string {
  return normaliseTags([validate(tagSchema, call.body).name])[0] ?? '';
}

function getTag(call: Call): LocationTag {
  const { id } = getPathLocation(call);
  return getOwned(call.sim.world.locationTags.get(call.params['tagId'] ?? ''), id, 'Tag');
}

function refuseTaken(sim: Simulation, locationId: string, name: string): void {
  if (findTag(sim, locationId, name)) throw plainRefusal(400, 'The tag name is already exist.');
}

function changeOnContacts(sim: Simulation, tag: LocationTag, instead: string[]): void {
  for (const contact of sim.world.contacts.walk(tag.locationId)) {
    if (!contact.tags.includes(tag.name)) continue;
    const tags = normaliseTags(contact.tags.flatMap((name) => (name === tag.name ? instead : [name])));
    replaceContact(sim, contact, { ...contact, tags });
  }
}
