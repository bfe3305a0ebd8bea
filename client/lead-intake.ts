import type { WorkflowStartOptions } from '@temporalio/client';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import type { leadIntake } from '../workflows/index.ts';
import { LEAD_WAY } from '../workflows/lead-way.ts';
import { AGENCY_ID, CAPABILITY, LEAD_STATUS, LOCATION_ID } from './search-attributes.ts';

/** A lead whose workflow is to be started. */
export interface NewLead {
  agencyId: string;
  leadId: string;
  /** Where it came in. */
  locationId: string;
  source: string;
}

/** How a lead's workflow is started. */
export const leadIntakeStart = ({
  agencyId,
  leadId,
  locationId,
  source,
}: NewLead): WorkflowStartOptions<typeof leadIntake> => ({
  workflowId: leadIntakeWorkflowId(agencyId, leadId),
  taskQueue: 'interactive',
  args: [{ agencyId, leadId, way: LEAD_WAY }],
  staticSummary: `Lead by ${source}`,
  typedSearchAttributes: [
    { key: AGENCY_ID, value: agencyId },
    { key: LOCATION_ID, value: locationId },
    { key: CAPABILITY, value: 'lead-intake' },
    { key: LEAD_STATUS, value: 'routing' },
  ],
});
