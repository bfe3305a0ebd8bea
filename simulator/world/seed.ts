import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import { collectionNames, collectionSchemas } from './collections.ts';
import type { CollectionName } from './collections.ts';
import { generatedSchema } from './generated/population.ts';
import { tokenSchema } from './grants.ts';
import {
  appSchema,
  companySchema,
  contactSchema,
  locationSchema,
  noteSchema,
  opportunitySchema,
  pipelineSchema,
  taskSchema,
  userSchema,
} from './records.ts';
import { installKey } from './world.ts';

const id = z.string().min(1);
/** A record that may be partial where one with its id is already known. */
const byId = z.array(z.looseObject({ id }));
const maybeNew = z.array(z.looseObject({ id: id.optional() }));

const seedTokenSchema = z.strictObject({
  token: id,
  class: z.enum(['Company', 'Location']),
  companyId: id,
  locationId: id.optional(),
  /** Without it: `pit` where the token starts with `pit-`, else `oauth`. */
  kind: z.enum(['oauth', 'pit']).optional(),
  /** Without it: the first app. */
  clientId: id.optional(),
  refreshToken: id.optional(),
  scopes: z.array(z.string()).optional(),
  /** Without it: a day for OAuth, for ever for private tokens; may be negative (already expired). */
  expiresInSeconds: z.number().optional(),
});

/** Body of `POST /_control/seed`. */
export const seedSchema = z.strictObject({
  companies: byId.default([]),
  apps: z.array(z.looseObject({ clientId: id })).default([]),
  locations: byId.default([]),
  users: byId.default([]),
  pipelines: byId.default([]),
  contacts: maybeNew.default([]),
  notes: maybeNew.default([]),
  tasks: maybeNew.default([]),
  opportunities: maybeNew.default([]),
  ...(Object.fromEntries(collectionNames.map((name) => [name, maybeNew.optional()])) as Record<
    CollectionName,
    z.ZodOptional<typeof maybeNew>
  >),
  /** Locations full of contacts and messages that are made up when they are asked for. */
  generated: z.array(generatedSchema).default([]),
  tokens: z.array(seedTokenSchema).default([]),
  codes: z
    .array(
      z.strictObject({
        code: id,
        clientId: id.optional(),
        class: z.enum(['Company', 'Location']),
        companyId: id,
        locationId: id.optional(),
        userId: id.optional(),
      }),
    )
    .default([]),
  /** Which app is installed where; without it every app is on every location, an agency's app aside. */
  installs: z.array(z.strictObject({ clientId: id.optional(), locationId: id })).optional(),
});
export type Seed = z.output<typeof seedSchema>;

/** Merges a seed into the world: known ids are written over, nothing is removed, no webhook fires. Raises 422 for a bad record. */
export function applySeed(sim: Simulation, seed: Seed): void {
  const { world, random } = sim;
  const now = sim.clock.now().toISOString();
  const dated = { dateAdded: now, dateUpdated: now, createdAt: now, updatedAt: now };
  merge(world.companies, companySchema, seed.companies);
  for (const app of seed.apps) {
    world.apps.set(app.clientId, validate(appSchema, { ...world.apps.get(app.clientId), ...app }));
  }
  merge(world.locations, locationSchema, seed.locations, { dateAdded: now });
  merge(world.users, userSchema, seed.users);
  merge(world.pipelines, pipelineSchema, seed.pipelines);
  for (const given of seed.generated) populate(sim, given);
  for (const given of seed.contacts) {
    const known = given.id ? world.contacts.find(given.id) : undefined;
    const contact = validate(contactSchema, { id: random.id(), ...dated, ...known, ...given });
    world.contacts.put(contact);
    sim.index.seed(contact);
  }
  const withIds = <T>(records: (T & { id?: string | undefined })[]): (T & { id: string })[] =>
    records.map((record) => ({ ...record, id: record.id ?? random.id() }));
  merge(world.notes, noteSchema, withIds(seed.notes), dated);
  merge(world.tasks, taskSchema, withIds(seed.tasks), dated);
  merge(world.opportunities, opportunitySchema, withIds(seed.opportunities), dated);
  for (const name of collectionNames) {
    const [records, schema]: [Map<string, unknown>, z.ZodType] = [world[name], collectionSchemas[name]];
    merge(records, schema, withIds(seed[name] ?? []), dated);
  }
  seedInstalls(sim, seed, now);
  for (const token of seed.tokens) seedToken(sim, token);
  for (const { clientId, ...code } of seed.codes) {
    world.codes.set(code.code, { ...code, clientId: clientId ?? firstClientId(sim), expiresAtMs: null });
  }
  sim.changed = true;
}

/** The app meant when a request names none. */
export function firstClientId(sim: Simulation): string {
  return [...sim.world.apps.keys()][0] ?? 'simulator';
}

/** A location is populated once: the same again changes nothing, and another size is refused with 400. */
function populate({ world, random }: Simulation, given: Seed['generated'][number]): void {
  const known = world.populations.of(given.locationId)?.spec;
  if (!world.locations.has(given.locationId)) throw plainRefusal(400, `Location with id ${given.locationId} not found`);
  const { key, ...before } = known ?? { key: random.id().slice(0, 8), ...given };
  if (!isDeepStrictEqual(before, given)) throw plainRefusal(400, 'the location is populated otherwise already');
  if (!known) world.populations.add({ ...given, key });
}

function merge<T>(
  known: Map<string, T>,
  schema: z.ZodType<T>,
  records: { id: string }[],
  defaults: Record<string, unknown> = {},
): void {
  for (const record of records)
    known.set(record.id, validate(schema, { ...defaults, ...known.get(record.id), ...record }));
}

function seedInstalls(sim: Simulation, seed: Seed, installedAt: string): void {
  const { apps, locations, installs } = sim.world;
  const ofLocations = [...apps.values()].filter(({ target }) => target !== 'Company');
  const everywhere = ofLocations.flatMap(({ clientId }) =>
    [...locations.keys()].map((locationId) => ({ clientId, locationId })),
  );
  const touchesApps = seed.apps.length + seed.locations.length > 0;
  for (const { clientId, locationId } of seed.installs ?? (touchesApps ? everywhere : [])) {
    const owner = clientId ?? firstClientId(sim);
    const companyId = locations.get(locationId)?.companyId ?? '';
    const key = installKey(owner, locationId);
    if (!installs.has(key)) installs.set(key, { clientId: owner, companyId, locationId, installedAt });
  }
}

function seedToken(sim: Simulation, given: z.output<typeof seedTokenSchema>): void {
  const { refreshToken, expiresInSeconds, ...rest } = given;
  const kind = given.kind ?? (given.token.startsWith('pit-') ? 'pit' : 'oauth');
  const clientId = given.clientId ?? firstClientId(sim);
  const seconds = expiresInSeconds ?? (kind === 'oauth' ? sim.behaviour.accessTokenSeconds : null);
  const expiresAtMs = seconds === null ? null : sim.clock.nowMs() + seconds * 1000;
  sim.world.tokens.set(given.token, validate(tokenSchema, { ...rest, kind, clientId, expiresAtMs }));
  if (kind === 'oauth' && given.class === 'Company') seedAgencyInstall(sim, clientId, given.companyId);
  if (!refreshToken || sim.world.refreshGrants.has(refreshToken)) return;
  const { companyId, locationId, scopes } = given;
  sim.world.refreshGrants.set(refreshToken, {
    refreshToken,
    class: given.class,
    clientId,
    companyId,
    locationId,
    scopes,
    usedAtMs: null,
    successor: null,
  });
}

/** Who holds an agency's OAuth token has installed the app there, for all its locations. */
function seedAgencyInstall({ world, clock }: Simulation, clientId: string, companyId: string): void {
  const key = installKey(clientId, companyId);
  if (world.agencyInstalls.has(key)) return;
  const everywhere = { approveAllLocations: true, installToFutureLocations: true };
  world.agencyInstalls.set(key, { clientId, companyId, installedAt: clock.now().toISOString(), ...everywhere });
}
