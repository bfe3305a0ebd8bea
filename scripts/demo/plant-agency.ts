import type { Kysely, Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { KeyProvider } from '../../crypto/key-ring.ts';
import { createAgency } from '../../db/agencies.ts';
import { saveInstall } from '../../db/installs.ts';
import { createLocation } from '../../db/locations.ts';
import { createRep } from '../../db/reps.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { locatePostcode, normalisePostcode } from '../../domain/postcode.ts';
import type { ControlClient } from '../../simulator/control-client.ts';
import { type AgencyPlan, ghlIds, type LocationPlan } from './agency-plan.ts';

export interface PlantedAgency {
  agencyId: string;
  /** Our ids by the plan's keys. */
  locations: Map<string, string>;
  reps: Map<string, string>;
}

export interface Soil {
  db: Kysely<Database>;
  keys: KeyProvider;
  simulator: ControlClient;
  app: { clientId: string; clientSecret: string };
  /** Where the simulator delivers its webhooks; null for nowhere. */
  webhookUrl: string | null;
}

/** Puts a planned agency into the simulator and the database, connected by an agency token as after an installation. */
export async function plantAgency(plan: AgencyPlan, soil: Soil): Promise<PlantedAgency> {
  const agencyId = uuidv7();
  const companyId = ghlIds.company(plan.key);
  const token = `${plan.key}-company-token-${agencyId}`;
  const refreshToken = `${plan.key}-company-refresh-${agencyId}`;
  await seedSimulator(plan, soil, { companyId, token, refreshToken });

  const planted: PlantedAgency = { agencyId, locations: new Map(), reps: new Map() };
  await withScope(soil.db, { agencyId }, async (tx) => {
    await createAgency(tx, { id: agencyId, name: plan.name, ghlCompanyId: companyId });
    const now = new Date();
    const expiresAt = new Date(now.getTime() + 86_399_000);
    const tokens = { accessToken: token, refreshToken, expiresAt, scopes: [] };
    await saveInstall(
      tx,
      soil.keys,
      { agencyId, locationId: null, kind: 'oauth', userType: 'Company', ...tokens },
      now,
    );
    for (const location of parentsFirst(plan.locations)) await plantLocation(tx, plan, location, planted, now);
  });
  return planted;
}

async function seedSimulator(
  plan: AgencyPlan,
  { simulator, app, webhookUrl }: Soil,
  company: { companyId: string; token: string; refreshToken: string },
): Promise<void> {
  const { companyId, token, refreshToken } = company;
  await simulator.seed({
    companies: [{ id: companyId, name: plan.name }],
    apps: [{ ...app, webhookUrl }],
    locations: plan.locations.map((location) => ({
      id: ghlIds.location(plan.key, location.key),
      companyId,
      name: location.name,
      ...(location.postcode === null ? {} : { postalCode: location.postcode }),
    })),
    users: plan.locations.flatMap((location) =>
      location.reps.map((rep) => ({
        id: ghlIds.user(plan.key, rep.key),
        companyId,
        locationIds: [ghlIds.location(plan.key, location.key)],
        firstName: rep.firstName,
        lastName: rep.lastName,
        email: `${rep.key}@${plan.key}.example`,
      })),
    ),
    pipelines: plan.locations
      .filter((location) => location.pipeline)
      .map(({ key }) => ({
        id: ghlIds.pipeline(plan.key, key),
        locationId: ghlIds.location(plan.key, key),
        name: 'Leads',
        stages: [{ id: ghlIds.stage(plan.key, key), name: 'New lead' }],
      })),
    tokens: [{ token, class: 'Company', companyId, refreshToken, clientId: app.clientId }],
    installs: plan.locations
      .filter((location) => location.installed !== false)
      .map(({ key }) => ({ clientId: app.clientId, locationId: ghlIds.location(plan.key, key) })),
  });
}

async function plantLocation(
  tx: Transaction<Database>,
  plan: AgencyPlan,
  location: LocationPlan,
  planted: PlantedAgency,
  now: Date,
): Promise<void> {
  const { agencyId } = planted;
  const id = uuidv7();
  const place = normalisePostcode(location.postcode);
  const located = place.postcode && place.country ? locatePostcode(place.postcode, place.country) : undefined;
  planted.locations.set(location.key, id);
  await createLocation(tx, {
    id,
    agency_id: agencyId,
    parent_id: location.parentKey === null ? null : planted.locations.get(location.parentKey)!,
    kind: location.kind,
    name: location.name,
    ghl_location_id: ghlIds.location(plan.key, location.key),
    is_intake: location.isIntake ?? location.kind !== 'location',
    live_at: location.live === false ? null : now,
    installed_at: location.installed === false ? null : now,
    postcode: place.postcode,
    country: place.country,
    latitude: located?.latitude ?? null,
    longitude: located?.longitude ?? null,
    time_zone: located?.timeZone ?? 'UTC',
    verticals: location.verticals ?? [],
    radius_km: location.radiusKm ?? null,
    max_open_leads: location.maxOpenLeads ?? null,
    daily_cap: location.dailyCap ?? null,
    pipeline_id: location.pipeline ? ghlIds.pipeline(plan.key, location.key) : null,
    pipeline_stage_id: location.pipeline ? ghlIds.stage(plan.key, location.key) : null,
    ...(location.leadMaxAgeSeconds === undefined ? {} : { lead_max_age_seconds: location.leadMaxAgeSeconds }),
  });
  for (const rep of location.reps) {
    const repId = uuidv7();
    planted.reps.set(rep.key, repId);
    await createRep(tx, {
      id: repId,
      agency_id: agencyId,
      location_id: id,
      ghl_user_id: ghlIds.user(plan.key, rep.key),
      name: `${rep.firstName} ${rep.lastName}`,
      email: `${rep.key}@${plan.key}.example`,
      status: rep.status ?? 'active',
      weight: rep.weight ?? 1,
      max_open_leads: rep.maxOpenLeads ?? null,
      daily_cap: rep.dailyCap ?? null,
    });
  }
}

const ORDER = ['master', 'region', 'location'];

const parentsFirst = (locations: LocationPlan[]): LocationPlan[] =>
  [...locations].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
