/** The workflow of a lead. Ids hold no personal data; the lead's key table is the lasting guard against a second start. */
export const leadIntakeWorkflowId = (agencyId: string, leadId: string): string => `lead-intake/${agencyId}/${leadId}`;

/** The workflow in which the INSTALL, UNINSTALL and user events of one account follow one another, and its cut events are read. */
export const accountSyncWorkflowId = (agencyId: string, locationId: string | null): string =>
  `account-sync/${agencyId}/${locationId ?? 'company'}`;
