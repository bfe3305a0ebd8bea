import type { StoreDeps } from './dependencies.ts';
import { createLeadAssignment } from './lead-assignment.ts';
import { createLeadEnding } from './lead-ending.ts';
import { createLeadReassignment } from './lead-reassignment.ts';
import { createLeadRouting } from './lead-routing.ts';

/** The steps of a lead that only need the database; those that need GHL are in `lead-intake-ghl.ts`. */
export function createLeadActivities(deps: StoreDeps) {
  return {
    ...createLeadRouting(deps),
    ...createLeadAssignment(deps),
    ...createLeadReassignment(deps),
    ...createLeadEnding(deps),
  };
}

export type LeadActivities = ReturnType<typeof createLeadActivities>;
