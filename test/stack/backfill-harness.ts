import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { observeContact } from '../../activities/mirror-observations.ts';
import { type BackfillPart, type BackfillRun, findBackfillRun, listBackfillParts } from '../../db/backfill-runs.ts';
import { type BackfillOrder, orderBackfill } from '../../db/backfill-start.ts';
import { withScope } from '../../db/scope.ts';
import type { Fields } from '../../domain/mirror.ts';
import { contactSchema } from '../../ghl/contact-schema.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import type { SeedInput } from '../../simulator/control-client.ts';
import type { TestSystem } from './system.ts';
import { waitFor } from './wait.ts';

type Parts = Pick<TestSystem, 'database' | 'simulator' | 'client'>;

/** Orders and watches backfills of one planted agency. */
export function createBackfillHarness(system: Parts, agency: PlantedAgency, key = 'one') {
  const { agencyId } = agency;
  const { db, ownerDb } = system.database;
  const location = (name: string): string => agency.locations.get(name)!;
  const ghlLocation = (name: string): string => `${key}-loc-${name}`;
  const harness = {
    agencyId,
    location,
    ghlLocation,
    /** Stores a run, and does not start it yet. */
    async order(order: Partial<BackfillOrder> & { under: string | null }): Promise<string> {
      const { under, ...more } = order;
      const runId = uuidv7();
      const defaults = { resources: ['contact' as const], from: null, to: null, names: 'exact' as const };
      const rootId = under === null ? null : location(under);
      const by = { actor: 'test', origin: 'test' };
      await withScope(db, { agencyId }, (tx) =>
        orderBackfill(tx, { runId, agencyId, rootId, ...defaults, ...more }, by, new Date()),
      );
      return runId;
    },
    async start(order: Partial<BackfillOrder> & { under: string | null }): Promise<string> {
      const runId = await harness.order(order);
      await system.client.startBackfillRun({ agencyId, runId });
      return runId;
    },
    async get(runId: string): Promise<{ run: BackfillRun; parts: BackfillPart[] }> {
      return withScope(db, { agencyId }, async (tx) => ({
        run: (await findBackfillRun(tx, runId))!,
        parts: await listBackfillParts(tx, [runId]),
      }));
    },
    /** Waits until the run has ended. */
    async ended(runId: string, timeoutMs = 110_000): Promise<{ run: BackfillRun; parts: BackfillPart[] }> {
      return waitFor(
        'the end of the backfill',
        async () => {
          const found = await harness.get(runId);
          return found.run.ended_at !== null && found;
        },
        timeoutMs,
      );
    },
    async complete(order: Partial<BackfillOrder> & { under: string | null }, timeoutMs?: number) {
      return harness.ended(await harness.start(order), timeoutMs);
    },
    /** The contacts of a location as the mirror has them, without those that are deleted. */
    async mirrored(name: string): Promise<Map<string, Fields>> {
      const rows = await ownerDb
        .selectFrom('contacts')
        .select(['ghl_id', 'fields'])
        .where('location_id', '=', location(name))
        .where('deleted_at', 'is', null)
        .execute();
      return new Map(rows.map(({ ghl_id, fields }) => [ghl_id!, fields as Fields]));
    },
    /** The same as GHL has them. */
    async inGhl(name: string): Promise<Map<string, Fields>> {
      const contacts = await system.simulator.listContacts(ghlLocation(name));
      return new Map(
        contacts.map((contact) => [contact.id, observeContact(contactSchema.parse(contact), new Date()).fields]),
      );
    },
    /** Every row of the mirror with the transaction that wrote it last: a repetition changes none. */
    async versions(): Promise<string[]> {
      const found = await sql<{ row: string }>`
        select ghl_id || ' ' || xmin::text as row from contacts where agency_id = ${agencyId}
        union all select ghl_id || ' ' || xmin::text from messages where agency_id = ${agencyId}
        union all select ghl_id || ' ' || xmin::text from mirror_records where agency_id = ${agencyId} order by 1
      `.execute(ownerDb);
      return found.rows.map(({ row }) => row);
    },
  };
  return harness;
}

export type BackfillHarness = ReturnType<typeof createBackfillHarness>;

const MINUTE_MS = 60_000;

/** Old customers of a location, one a minute, oldest first. */
export function oldContacts(
  locationId: string,
  count: number,
  startMs = Date.UTC(2023, 0, 1),
): NonNullable<SeedInput['contacts']> {
  return Array.from({ length: count }, (_, at) => {
    const dateAdded = new Date(startMs + at * MINUTE_MS).toISOString();
    return {
      id: `${locationId}-c${startMs}-${at}`,
      locationId,
      firstName: `Ann${at}`,
      lastName: 'McOld',
      email: `old-${startMs}-${at}@${locationId}.test`,
      phone: `+1617${String(5_000_000 + at)}`,
      tags: at % 3 === 0 ? ['b', 'a'] : [],
      dateAdded,
      dateUpdated: dateAdded,
    };
  });
}
