import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const AGENCY_ID = defineSearchAttributeKey('AgencyId', SearchAttributeType.KEYWORD);
export const LOCATION_ID = defineSearchAttributeKey('LocationId', SearchAttributeType.KEYWORD);
export const CAPABILITY = defineSearchAttributeKey('Capability', SearchAttributeType.KEYWORD);
export const LEAD_STATUS = defineSearchAttributeKey('LeadStatus', SearchAttributeType.KEYWORD);

/** By which operators find a workflow: whose it is, and which capability it belongs to. */
export const searchAttributesOf = (agencyId: string, capability: string, locationId: string | null = null) => ({
  typedSearchAttributes: [
    { key: AGENCY_ID, value: agencyId },
    ...(locationId === null ? [] : [{ key: LOCATION_ID, value: locationId }]),
    { key: CAPABILITY, value: capability },
  ],
});
