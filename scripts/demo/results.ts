import type { AgencyPlan } from './agency-plan.ts';
import { checkInGhl, type GhlView } from './check-ghl.ts';
import { checkLead, checkReps, type Followed } from './check-leads.ts';

/** What became of a sample lead, and what is wrong with it. */
export interface Result extends Followed {
  problems: string[];
}

/**
 * Judges every lead by the database and by GHL.
 * @param acts what went wrong when something was done to a lead, by its key
 * @param areStrangersTaken whether the webhooks of unknown accounts have been stored
 */
export function judgeLeads(
  followed: readonly Followed[],
  plan: AgencyPlan,
  ghl: GhlView,
  { acts, areStrangersTaken }: { acts: ReadonlyMap<string, string>; areStrangersTaken: boolean },
): Result[] {
  const wrongReps = checkReps(followed, plan);
  return followed.map((lead) => {
    const { key, door } = lead.sample;
    const act = acts.get(key);
    return {
      ...lead,
      problems: [
        ...(lead.failure === undefined ? [] : [`it could not be sent: ${lead.failure}`]),
        ...checkLead(lead, followed),
        ...(wrongReps.get(key) ?? []),
        ...checkInGhl(lead, plan, ghl),
        ...(act === undefined ? [] : [act]),
        ...(door.by === 'stranger' && !areStrangersTaken ? ['its webhook was not stored'] : []),
      ],
    };
  });
}
