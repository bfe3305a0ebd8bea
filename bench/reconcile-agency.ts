import type { Kysely } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import type { Database } from '../db/schema.ts';
import type { GhlLocationResource } from '../ghl/resource.ts';
import { type AgencyPlan, ghlIds } from '../scripts/demo/agency-plan.ts';
import { plantAgency } from '../scripts/demo/plant-agency.ts';
import type { ControlClient } from '../simulator/control-client.ts';

/** How an agency that is to be polled looks. */
export interface AgencyShape {
  key: string;
  locations: number;
  /** So many of them have live changes; nothing has happened in the others for a year. */
  hot: number;
  /** In each idle location; a hot one has ten times as many. */
  contacts: number;
  messagesPerContact: number;
}

/** The locations of a planted agency by how busy they are. */
export interface BigAgency {
  agencyId: string;
  hot: GhlLocationResource[];
  idle: GhlLocationResource[];
}

const HOT_TIMES = 10;

const planOf = ({ key, locations }: AgencyShape): AgencyPlan => ({
  key,
  name: 'Bench',
  locations: Array.from({ length: locations }, (_, index) => ({
    key: `l${index}`,
    kind: index === 0 ? ('master' as const) : ('location' as const),
    parentKey: index === 0 ? null : 'l0',
    name: `Location ${index}`,
    postcode: null,
    live: false,
    pipeline: true,
    reps: [],
  })),
});

/** Plants an agency of many locations, whose contacts the simulator makes up when they are asked for. */
export async function plantBigAgency(
  shape: AgencyShape,
  soil: {
    db: Kysely<Database>;
    keys: KeyProvider;
    simulator: ControlClient;
    app: { clientId: string; clientSecret: string };
  },
): Promise<BigAgency> {
  const { key, hot, contacts, messagesPerContact } = shape;
  const plan = planOf(shape);
  const { agencyId, locations } = await plantAgency(plan, { ...soil, webhookUrl: null });
  const resources = plan.locations.map((location): GhlLocationResource => {
    const ids = { agencyId, ghlCompanyId: ghlIds.company(key), locationId: locations.get(location.key)! };
    return { kind: 'location', ...ids, ghlLocationId: ghlIds.location(key, location.key) };
  });
  await soil.simulator.seed({
    generated: resources.map(({ ghlLocationId: locationId }, index) => ({
      locationId,
      contacts: index < hot ? contacts * HOT_TIMES : contacts,
      messagesPerContact,
    })),
  });
  return { agencyId, hot: resources.slice(0, hot), idle: resources.slice(hot) };
}

/** Lets something happen in each location. */
export async function stirLocations(
  simulator: ControlClient,
  locations: readonly GhlLocationResource[],
): Promise<void> {
  const weights = { create: 2, update: 5, tag: 2, message: 3, opportunity: 2 };
  for (const { ghlLocationId: locationId } of locations) await simulator.makeChanges({ locationId, count: 1, weights });
}
