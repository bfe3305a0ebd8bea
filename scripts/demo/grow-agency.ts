import type { Transaction } from 'kysely';
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { createApiKey as makeKey } from '../../crypto/api-key.ts';
import { createApiKey } from '../../db/api-keys.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { ghlIds } from './agency-plan.ts';
import type { GrownAgency } from './demo-memory.ts';
import { plantAgency, type Soil } from './plant-agency.ts';
import { sampleAgency } from './sample-agency.ts';

/** GHL accounts that can send us webhooks and that no agency of ours knows. */
export const strangers = {
  same: (agency: string) => ({
    companyId: ghlIds.company(agency),
    locationId: ghlIds.location(agency, 'unheard-of'),
  }),
  other: (agency: string) => ({
    companyId: ghlIds.company(`${agency}-rival`),
    locationId: ghlIds.location(`${agency}-rival`, 'main'),
  }),
};

/** Plants the sample agency anew, with credentials for its callers. */
export async function growAgency(soil: Soil, now: Date): Promise<GrownAgency> {
  const key = `demo-${randomBytes(2).toString('hex')}`;
  const { agencyId, locations, reps } = await plantAgency(sampleAgency(key), soil);
  await seedStrangers(key, soil);
  const { apiKey, workflowSecret } = await withScope(soil.db, { agencyId }, async (tx) => ({
    apiKey: await issueKey(tx, { agencyId, locationId: null, role: 'agency', name: 'The demo’s website' }),
    workflowSecret: await issueKey(tx, {
      agencyId,
      locationId: locations.get('phoenix')!,
      role: 'webhook',
      name: 'The demo’s workflow in Phoenix',
    }),
  }));
  return {
    key,
    agencyId,
    locations: Object.fromEntries(locations),
    reps: Object.fromEntries(reps),
    apiKey,
    workflowSecret,
    plantedAt: now.toISOString(),
    finishedAt: null,
  };
}

async function issueKey(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string | null; role: 'agency' | 'webhook'; name: string },
): Promise<string> {
  const { key, hash } = makeKey();
  await createApiKey(tx, { id: uuidv7(), ...of, hash, expiresAt: null });
  return key;
}

async function seedStrangers(key: string, { simulator, app }: Soil): Promise<void> {
  const accounts = [strangers.same(key), strangers.other(key)];
  await simulator.seed({
    companies: [{ id: strangers.other(key).companyId, name: 'Somebody else' }],
    locations: accounts.map(({ locationId, companyId }) => ({ id: locationId, companyId, name: 'Unheard of' })),
    installs: accounts.map(({ locationId }) => ({ clientId: app.clientId, locationId })),
  });
}
