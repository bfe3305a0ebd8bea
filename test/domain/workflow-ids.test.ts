import { expect, it } from 'vitest';
import { accountSyncWorkflowId, leadIntakeWorkflowId, readLeadIntakeWorkflowId } from '../../domain/workflow-ids.ts';

it('names one workflow for each lead of each agency', () => {
  expect(leadIntakeWorkflowId('agency-1', 'lead-1')).toBe('lead-intake/agency-1/lead-1');
});

it('names one workflow for each account, and one for the agency itself', () => {
  expect(accountSyncWorkflowId('agency-1', 'location-1')).toBe('account-sync/agency-1/location-1');
  expect(accountSyncWorkflowId('agency-1', null)).toBe('account-sync/agency-1/company');
});

it('reads a lead’s workflow id back, and no other', () => {
  const [agencyId, leadId] = [crypto.randomUUID(), crypto.randomUUID()];
  expect(readLeadIntakeWorkflowId(leadIntakeWorkflowId(agencyId, leadId))).toEqual({ agencyId, leadId });
  for (const id of [`lead-intake/${agencyId}`, `lead-intake/${agencyId}/x`, accountSyncWorkflowId(agencyId, leadId)]) {
    expect(readLeadIntakeWorkflowId(id)).toBeUndefined();
  }
});
