import { expect, it } from 'vitest';
import {
  accountSyncWorkflowId,
  agencyConnectWorkflowId,
  credentialRotationWorkflowId,
  leadIntakeWorkflowId,
  notificationWorkflowId,
  readLeadIntakeWorkflowId,
} from '../../domain/workflow-ids.ts';

it('names one workflow for each lead of each agency', () => {
  expect(leadIntakeWorkflowId('agency-1', 'lead-1')).toBe('lead-intake/agency-1/lead-1');
});

it('names one workflow for each account, and one for the agency itself', () => {
  expect(accountSyncWorkflowId('agency-1', 'location-1')).toBe('account-sync/agency-1/location-1');
  expect(accountSyncWorkflowId('agency-1', null)).toBe('account-sync/agency-1/company');
});

it('names one workflow for each attempt to connect an agency, and for each new token', () => {
  expect(agencyConnectWorkflowId('agency-1', 'link-1')).toBe('agency-connect/agency-1/link-1');
  expect(credentialRotationWorkflowId('agency-1', 'rotation-1')).toBe('credential-rotation/agency-1/rotation-1');
});

it('names one workflow for each notice, and another for each dead letter from which it is sent again', () => {
  expect(notificationWorkflowId('agency-1', 'notice-1')).toBe('notification/agency-1/notice-1');
  expect(notificationWorkflowId('agency-1', 'notice-1', 'letter-1')).toBe('notification/agency-1/notice-1/letter-1');
});

it('reads a lead’s workflow id back, and no other', () => {
  const [agencyId, leadId] = [crypto.randomUUID(), crypto.randomUUID()];
  expect(readLeadIntakeWorkflowId(leadIntakeWorkflowId(agencyId, leadId))).toEqual({ agencyId, leadId });
  for (const id of [`lead-intake/${agencyId}`, `lead-intake/${agencyId}/x`, accountSyncWorkflowId(agencyId, leadId)]) {
    expect(readLeadIntakeWorkflowId(id)).toBeUndefined();
  }
});
