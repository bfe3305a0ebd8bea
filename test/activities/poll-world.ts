import { type Kysely, sql } from 'kysely';
import type { PageOutcome, PassArgs } from '../../activities/poll-turn.ts';
import type { Database } from '../../db/schema.ts';
import type { PassKind, PolledResource } from '../../domain/poll-rules.ts';
import { type ActivityBench, run } from '../stack/activity-bench.ts';
import type { BenchAgency } from './bench-agency.ts';

/** One location of an agency as polling sees it. */
export function createPollWorld(bench: ActivityBench, agency: BenchAgency, name: string) {
  const { agencyId } = agency;
  const { ownerDb } = bench.database;
  const locationId = agency.location(name);
  const ghlLocationId = agency.ghlLocation(name);
  const argsOf = (resource: PolledResource, kind: PassKind): PassArgs => ({ agencyId, locationId, resource, kind });
  const world = {
    agencyId,
    locationId,
    ghlLocationId,
    argsOf,
    plan: () => run(bench.polls.planPolls, { agencyId, locationId }),
    page: (resource: PolledResource, kind: PassKind): Promise<PageOutcome> =>
      run(bench.pollsGhl.pollPage, argsOf(resource, kind)),
    /** Makes a pass due and takes its pages to the end of the round. */
    async round(resource: PolledResource, kind: PassKind): Promise<number> {
      await world.makeDue(resource, kind);
      for (let pages = 1; ; pages += 1) if ((await world.page(resource, kind)).isDone) return pages;
    },
    async makeDue(resource: PolledResource, kind: PassKind): Promise<void> {
      await world.plan();
      await ownerDb
        .updateTable('poll_passes')
        .set({ due_at: sql<Date>`now() - interval '1 second'` })
        .where('location_id', '=', locationId)
        .where('resource', '=', resource)
        .where('kind', '=', kind)
        .execute();
    },
    /** Everything of a kind in the mirror, deleted ones too, with the version of each row. */
    contacts: () => rowsOf(ownerDb, 'contacts', locationId),
    async records(resource: PolledResource) {
      const rows = await rowsOf(ownerDb, resource === 'message' ? 'messages' : 'mirror_records', locationId);
      return rows.filter((row) => resource === 'message' || row.resource === resource);
    },
    leads: () => ownerDb.selectFrom('leads').selectAll().where('intake_location_id', '=', locationId).execute(),
    gaps: () =>
      ownerDb.selectFrom('webhook_gaps').selectAll().where('location_id', '=', locationId).orderBy('ghl_id').execute(),
    drift: () =>
      ownerDb
        .selectFrom('drift_reports')
        .selectAll()
        .where('location_id', '=', locationId)
        .orderBy('finished_at', 'desc')
        .execute(),
    pass: (resource: PolledResource, kind: PassKind) =>
      ownerDb
        .selectFrom('poll_passes')
        .selectAll()
        .where('location_id', '=', locationId)
        .where('resource', '=', resource)
        .where('kind', '=', kind)
        .executeTakeFirstOrThrow(),
    /** Puts contacts into GHL as if they had always been there. */
    async seedContacts(count: number, more: { dateAdded?: string } = {}): Promise<string[]> {
      const { dateAdded = '2024-01-01T00:00:00.000Z' } = more;
      const contacts = Array.from({ length: count }, () => {
        const id = `c${String((seeded += 1)).padStart(6, '0')}`;
        const at = new Date(Date.parse(dateAdded) + seeded * 1_000).toISOString();
        const dates = { dateAdded: at, dateUpdated: at };
        return { id, locationId: ghlLocationId, firstName: `Ann${id}`, email: `${id}@x.test`, ...dates };
      });
      await bench.simulator.seed({ contacts });
      return contacts.map(({ id }) => id);
    },
    /** How often GHL was asked for something, by its path. */
    async calls(matching: RegExp): Promise<number> {
      const { counts } = await bench.simulator.getCalls();
      return Object.entries(counts).reduce((sum, [name, count]) => (matching.test(name) ? sum + count : sum), 0);
    },
  };
  return world;
}

let seeded = 0;

interface MirrorRow {
  ghl_id: string;
  resource?: string;
  fields: Record<string, unknown>;
  is_exact?: boolean;
  missing_since: string | null;
  deleted_at: string | null;
  found_by: string;
  version: string;
}

async function rowsOf(db: Kysely<Database>, table: string, locationId: string): Promise<MirrorRow[]> {
  const found = await sql<{ row: MirrorRow; version: string }>`
    select to_jsonb(t) as row, t.xmin::text as version from ${sql.table(table)} t
    where location_id = ${locationId} order by ghl_id
  `.execute(db);
  return found.rows.map(({ row, version }) => ({ ...row, version }));
}

export type PollWorld = ReturnType<typeof createPollWorld>;
