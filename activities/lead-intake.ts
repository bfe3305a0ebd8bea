import type { StoreDeps } from './dependencies.ts';
import { createLeadAssignment } from './lead-assignment.ts';
import { createLeadEnding } from './lead-ending.ts';
import { createLeadFailures } from './lead-failures.ts';
import { createLeadReassignment } from './lead-reassignment.ts';
import { createLeadRouting } from './lead-routing.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The steps of a lead that only need the database; those that need GHL are in `lead-intake-ghl.ts`. */
export function createLeadActivities(deps: StoreDeps) {
  return mapStoreFailures({
    ...createLeadRouting(deps),
    ...createLeadAssignment(deps),
    ...createLeadReassignment(deps),
    ...createLeadEnding(deps),
    ...createLeadFailures(deps),
  });
}

export type LeadActivities = ReturnType<typeof createLeadActivities>;
