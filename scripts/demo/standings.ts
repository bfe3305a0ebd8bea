import type { Kysely } from 'kysely';
import { listLocations } from '../../db/locations.ts';
import { listLeads } from '../../db/leads.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import type { GrownAgency } from './demo-memory.ts';

/** More than a sample agency ever has. */
const LIMIT = 1_000;

/** How the leads of an agency stand now: how many in each state, and where they are. */
export async function showStandings(db: Kysely<Database>, { agencyId }: GrownAgency): Promise<string[]> {
  return withScope(db, { agencyId }, async (tx) => {
    const leads = await listLeads(tx, {}, { after: undefined, limit: LIMIT });
    const names = new Map((await listLocations(tx)).map(({ id, name }) => [id, name]));
    const states = count(leads.map(({ state }) => state));
    const open = leads.filter(({ state }) => state !== 'closed');
    const places = count(open.map((lead) => names.get(lead.location_id ?? '') ?? 'not routed yet'));
    return [
      `${leads.length} leads: ${states.map(([state, sum]) => `${sum} ${state}`).join(', ')}`,
      ...places.map(([place, sum]) => `${String(sum).padStart(4)}  ${place}`),
    ];
  });
}

/** How often each word stands in a list, the most frequent first. */
function count(words: string[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const word of words) sums.set(word, (sums.get(word) ?? 0) + 1);
  return [...sums].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
}
