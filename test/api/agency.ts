import { v7 as uuidv7 } from 'uuid';
import type { Kysely } from 'kysely';
import { createApiKey } from '../../crypto/api-key.ts';
import type { Database } from '../../db/schema.ts';

export interface TestAgency {
  agencyId: string;
  companyId: string;
  /** An intake account that is live. */
  master: { id: string; ghlId: string };
  /** An ordinary location. */
  branch: { id: string; ghlId: string };
  rep: { id: string; ghlUserId: string };
  keys: { agency: string; master: string; branch: string; webhook: string };
}

const LIVE_AT = new Date('2026-01-01T00:00:00Z');

/** Adds an agency with a master and one branch, a rep there, and a key of each kind. */
export async function addAgency(db: Kysely<Database>, name: string): Promise<TestAgency> {
  const agencyId = uuidv7();
  const location = () => ({ id: uuidv7(), ghlId: `ghl-${uuidv7()}` });
  const [master, branch] = [location(), location()];
  const rep = { id: uuidv7(), ghlUserId: `user-${uuidv7()}` };
  const companyId = `company-${agencyId}`;
  await db.insertInto('agencies').values({ id: agencyId, name, ghl_company_id: companyId }).execute();
  const common = { agency_id: agencyId, live_at: LIVE_AT, installed_at: LIVE_AT };
  await db
    .insertInto('locations')
    .values([
      { ...common, id: master.id, kind: 'master', name, ghl_location_id: master.ghlId, is_intake: true },
      {
        ...common,
        id: branch.id,
        parent_id: master.id,
        kind: 'location',
        name: `${name} branch`,
        ghl_location_id: branch.ghlId,
        is_intake: false,
      },
    ])
    .execute();
  await db
    .insertInto('reps')
    .values({
      id: rep.id,
      agency_id: agencyId,
      location_id: branch.id,
      ghl_user_id: rep.ghlUserId,
      name: 'Rep',
      status: 'active',
    })
    .execute();
  const addKey = async (role: 'agency' | 'location' | 'webhook', locationId: string | null): Promise<string> => {
    const { key, hash } = createApiKey();
    await db
      .insertInto('api_keys')
      .values({ id: uuidv7(), agency_id: agencyId, location_id: locationId, role, name: role, hash })
      .execute();
    return key;
  };
  const keys = {
    agency: await addKey('agency', null),
    master: await addKey('location', master.id),
    branch: await addKey('location', branch.id),
    webhook: await addKey('webhook', master.id),
  };
  return { agencyId, companyId, master, branch, rep, keys };
}
