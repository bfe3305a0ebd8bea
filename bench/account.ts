import { v7 as uuidv7 } from 'uuid';
import { createAgency } from '../db/agencies.ts';
import { createDatabase } from '../db/database.ts';
import { createLocation } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';

export const GHL_LOCATION_ID = 'bench-master';
const DAY_MS = 86_400_000;

/** An account whose new contacts are leads, live for a month: the customers are older than that. */
export async function plantAccount(url: string): Promise<void> {
  const db = createDatabase({ url, poolSize: 1 });
  const [agencyId, id] = [uuidv7(), uuidv7()];
  const since = new Date(Date.now() - 30 * DAY_MS);
  const common = { agency_id: agencyId, live_at: since, installed_at: since };
  try {
    await withScope(db, { agencyId }, async (tx) => {
      await createAgency(tx, { id: agencyId, name: 'Bench', ghlCompanyId: 'bench-company' });
      const account = { kind: 'master', name: 'Bench', ghl_location_id: GHL_LOCATION_ID, is_intake: true } as const;
      await createLocation(tx, { ...common, ...account, id });
    });
  } finally {
    await db.destroy();
  }
}
