import type { LeadFate } from './lead-fate.ts';

interface LeadRef {
  agencyId: string;
  leadId: string;
}

/** The part of the client that brings a lead back. */
export interface LeadReviver {
  leadFate(lead: LeadRef): Promise<LeadFate>;
  startLeadIntake(lead: LeadRef & { locationId: string; source: string }): Promise<void>;
  resetLead(lead: LeadRef): Promise<void>;
}

/** What of a lead's row its redrive needs. */
export interface RevivedLead {
  state: string;
  location_id: string | null;
  intake_location_id: string;
  source: string;
}

/**
 * Lets the workflow of an open lead go on that failed, was ended or never was. Repeatable: one that runs is left alone.
 * @param find reads the lead's row, asked after Temporal was: a lead is closed there before its workflow completes
 * @throws LeadOverError, TemporalUnavailableError, and what `find` throws
 */
export async function bringLeadBack(
  client: LeadReviver,
  lead: LeadRef,
  find: () => Promise<RevivedLead | undefined>,
): Promise<'reset' | 'started' | 'running' | 'closed'> {
  const fate = await client.leadFate(lead);
  const found = await find();
  if (!found || found.state === 'closed') return 'closed';
  switch (fate) {
    case 'running':
      return 'running';
    case 'unknown':
      await client.startLeadIntake({
        ...lead,
        locationId: found.location_id ?? found.intake_location_id,
        source: found.source,
      });
      return 'started';
    case 'broken':
    case 'completed':
      await client.resetLead(lead);
      return 'reset';
  }
}
