import { TemporalUnavailableError } from '../../client.ts';
import { findLead } from '../../db/leads.ts';
import { listTimeline } from '../../db/lead-timeline.ts';
import type { Lead } from '../../db/schema.ts';
import type { LeadState } from '../../db/schema/leads.ts';
import { withScope } from '../../db/scope.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { enquire } from './enquire.ts';
import type { TestSystem } from './system.ts';
import { waitFor } from './wait.ts';

let people = 0;

/** A person nobody has met before in this test file. */
export function somebody(postcode?: string) {
  people += 1;
  return {
    firstName: `First${people}`,
    lastName: 'Whortleberry',
    email: `person-${people}@x.test`,
    ...(postcode === undefined ? {} : { postcode }),
  };
}

/** Starts and watches leads of one planted agency. */
export function createLeadHarness(system: TestSystem, agency: PlantedAgency) {
  const { agencyId } = agency;
  const db = system.database.db;
  const get = (leadId: string): Promise<Lead | undefined> => withScope(db, { agencyId }, (tx) => findLead(tx, leadId));
  return {
    agencyId,
    location: (key: string): string => agency.locations.get(key)!,
    rep: (key: string): string => agency.reps.get(key)!,
    get,
    async start(body: Record<string, unknown>, from = 'master'): Promise<string> {
      const locationId = agency.locations.get(from)!;
      const leadId = await enquire(system, agencyId, locationId, body);
      // A server that is busy with other tests may answer late; a start is repeatable, as the relay relies on.
      await waitFor('Temporal to take the lead', async () => {
        try {
          await system.client.startLeadIntake({ agencyId, leadId, locationId, source: 'api' });
          return true;
        } catch (error) {
          if (error instanceof TemporalUnavailableError) return false;
          throw error;
        }
      });
      return leadId;
    },
    async inState(leadId: string, state: LeadState, timeoutMs?: number): Promise<Lead> {
      return waitFor(
        `lead ${state}`,
        async () => {
          const lead = await get(leadId);
          return lead?.state === state && lead;
        },
        timeoutMs,
      );
    },
    async withRep(leadId: string, repKey: string): Promise<Lead> {
      return waitFor(`lead with ${repKey}`, async () => {
        const lead = await get(leadId);
        return lead?.rep_id === agency.reps.get(repKey) && lead;
      });
    },
    async timeline(leadId: string): Promise<string[]> {
      const entries = await withScope(db, { agencyId }, (tx) => listTimeline(tx, leadId));
      return entries.map((entry) => entry.kind);
    },
    /** The slots held by a rep now. */
    async heldBy(repKey: string): Promise<number> {
      const rows = await system.database.ownerDb
        .selectFrom('assignments')
        .select('id')
        .where('rep_id', '=', agency.reps.get(repKey)!)
        .where('state', '<>', 'released')
        .execute();
      return rows.length;
    },
  };
}

export type LeadHarness = ReturnType<typeof createLeadHarness>;
