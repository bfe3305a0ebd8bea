import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LeadChange } from '../domain/lead-change.ts';
import type { AcceptRequest, CloseRequest, LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';

export const reassignLeadSignal = defineSignal<[ReassignRequest]>('reassignLead');
export const changeLeadSignal = defineSignal<[LeadChange]>('changeLead');
export const reassignLeadUpdate = defineUpdate<LeadStanding, [ReassignRequest]>('reassignLead');
export const acceptLeadUpdate = defineUpdate<LeadStanding, [AcceptRequest]>('acceptLead');
export const closeLeadUpdate = defineUpdate<LeadStanding, [CloseRequest]>('closeLead');
export const leadStateQuery = defineQuery<LeadStanding>('leadState');
