import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { jobSchema } from '../agenda.ts';
import type { Job } from '../agenda.ts';
import { behaviourChangeSchema } from '../control/schemas.ts';
import type { Simulation } from '../simulation.ts';
import { urlHealthSchema } from '../webhooks/breaker.ts';
import { deliverySchema } from '../webhooks/log.ts';
import { changeSettings, webhookSettingsChangeSchema } from '../webhooks/settings.ts';
import { signerStateSchema } from '../webhooks/signer.ts';
import { bucketSchema } from '../limits.ts';
import { collectionNames, collectionSchemas } from './collections.ts';
import { populationSchema } from './generated/population.ts';
import { agencyInstallSchema, codeSchema, installSchema, refreshGrantSchema, tokenSchema } from './grants.ts';
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

const keyed = <T extends z.ZodType>(schema: T) => z.array(z.tuple([z.string(), schema]));

const ids = z.array(z.string());

const snapshotSchema = z.object({
  companies: keyed(companySchema),
  apps: keyed(appSchema),
  locations: keyed(locationSchema),
  users: keyed(userSchema),
  pipelines: keyed(pipelineSchema),
  contacts: z.array(contactSchema),
  notes: keyed(noteSchema),
  tasks: keyed(taskSchema),
  opportunities: keyed(opportunitySchema),
  tokens: keyed(tokenSchema),
  refreshGrants: keyed(refreshGrantSchema),
  codes: keyed(codeSchema),
  installs: keyed(installSchema),
  agencyInstalls: keyed(agencyInstallSchema).default([]),
  populations: z.array(populationSchema).default([]),
  /** Generated records that were removed. */
  gone: z
    .object({ contacts: ids, conversations: ids, messages: ids })
    .default({ contacts: [], conversations: [], messages: [] }),
  collections: z.record(z.string(), keyed(z.unknown())),
  jobs: z.array(jobSchema),
  random: z.record(z.string(), z.number()),
  webhookSettings: webhookSettingsChangeSchema,
  pending: z.array(deliverySchema),
  behaviour: behaviourChangeSchema.default({}),
  clockOffsetMs: z.number().min(0).default(0),
  buckets: z.array(bucketSchema).default([]),
  urls: z.array(urlHealthSchema).default([]),
  signer: signerStateSchema.default({ rotations: 0, legacyPrivateKeyPem: null }),
});

/** Writes everything the simulator knows to a file, replacing it whole. */
export async function saveSnapshot(sim: Simulation, path: string): Promise<void> {
  sim.changed = false;
  const { contacts, ...maps } = sim.world;
  const snapshot: z.input<typeof snapshotSchema> = {
    companies: [...maps.companies],
    apps: [...maps.apps],
    locations: [...maps.locations],
    users: [...maps.users],
    pipelines: [...maps.pipelines],
    contacts: contacts.list(),
    notes: [...maps.notes],
    tasks: [...maps.tasks],
    opportunities: [...maps.opportunities],
    tokens: [...maps.tokens],
    refreshGrants: [...maps.refreshGrants],
    codes: [...maps.codes],
    installs: [...maps.installs],
    agencyInstalls: [...maps.agencyInstalls],
    populations: maps.populations.list(),
    gone: {
      contacts: contacts.listGone(),
      conversations: maps.conversations.listGone(),
      messages: maps.messages.listGone(),
    },
    collections: Object.fromEntries(collectionNames.map((name) => [name, [...maps[name]]])),
    jobs: sim.agenda.list(),
    random: sim.random.position(),
    webhookSettings: sim.webhookSettings,
    pending: sim.deliveries.listPending(),
    behaviour: sim.behaviour,
    clockOffsetMs: sim.clock.offsetMs(),
    buckets: sim.limits.save(),
    urls: sim.urlBreaker.save(),
    signer: sim.signer.save(),
  };
  await writeFile(`${path}.new`, JSON.stringify(snapshot));
  await rename(`${path}.new`, path);
}

/**
 * Reads a snapshot into an empty simulator; a missing file is an empty one. Returns the jobs that are still to be done.
 * Raises when the file is not a snapshot.
 */
export async function loadSnapshot(sim: Simulation, path: string): Promise<Job[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const snapshot = snapshotSchema.parse(JSON.parse(text));
  const { world } = sim;
  fill(world.companies, snapshot.companies);
  fill(world.apps, snapshot.apps);
  fill(world.locations, snapshot.locations);
  fill(world.users, snapshot.users);
  fill(world.pipelines, snapshot.pipelines);
  fill(world.notes, snapshot.notes);
  fill(world.tasks, snapshot.tasks);
  fill(world.opportunities, snapshot.opportunities);
  fill(world.tokens, snapshot.tokens);
  fill(world.refreshGrants, snapshot.refreshGrants);
  fill(world.codes, snapshot.codes);
  fill(world.installs, snapshot.installs);
  fill(world.agencyInstalls, snapshot.agencyInstalls);
  for (const population of snapshot.populations) world.populations.add(population);
  for (const name of collectionNames) {
    const map: Map<string, unknown> = world[name];
    for (const [key, record] of snapshot.collections[name] ?? []) map.set(key, collectionSchemas[name].parse(record));
  }
  for (const contact of snapshot.contacts) {
    world.contacts.put(contact);
    sim.index.seed(contact);
  }
  dropGone(sim, snapshot.gone);
  sim.random.restore(snapshot.random);
  Object.assign(sim.behaviour, snapshot.behaviour);
  sim.clock.advance(snapshot.clockOffsetMs);
  sim.limits.restore(snapshot.buckets);
  sim.urlBreaker.restore(snapshot.urls);
  sim.signer.restore(snapshot.signer);
  changeSettings(sim.webhookSettings, snapshot.webhookSettings);
  for (const delivery of snapshot.pending) sim.deliveries.enqueue(delivery, 0);
  return snapshot.jobs;
}

function dropGone(
  { world, index }: Simulation,
  gone: Record<'contacts' | 'conversations' | 'messages', string[]>,
): void {
  for (const contactId of gone.contacts) {
    const at = world.populations.locate('contact', contactId);
    world.contacts.remove(contactId);
    if (at) index.seedGone(at.population.spec.locationId, contactId);
  }
  for (const kind of ['conversations', 'messages'] as const) for (const id of gone[kind]) world[kind].delete(id);
}

function fill<T>(map: Map<string, T>, entries: [string, T][]): void {
  for (const [key, value] of entries) map.set(key, value);
}
