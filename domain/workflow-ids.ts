/** The workflow of a lead. Ids hold no personal data; the lead's key table is the lasting guard against a second start. */
export const leadIntakeWorkflowId = (agencyId: string, leadId: string): string => `lead-intake/${agencyId}/${leadId}`;

/** The workflow in which the INSTALL, UNINSTALL and user events of one account follow one another, and its cut events are read. */
export const accountSyncWorkflowId = (agencyId: string, locationId: string | null): string =>
  `account-sync/${agencyId}/${locationId ?? 'company'}`;

/** The workflow that connects an agency with what one link brought back from GHL's page. */
export const agencyConnectWorkflowId = (agencyId: string, linkId: string): string =>
  `agency-connect/${agencyId}/${linkId}`;

/** The workflow that tries one new token and lets it replace the old one. */
export const credentialRotationWorkflowId = (agencyId: string, rotationId: string): string =>
  `credential-rotation/${agencyId}/${rotationId}`;

const LEAD_INTAKE_ID =
  /^lead-intake\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Whose workflow an id names; undefined when it is no lead's. Anybody can start a workflow by hand under any id. */
export function readLeadIntakeWorkflowId(workflowId: string): { agencyId: string; leadId: string } | undefined {
  const [, agencyId, leadId] = LEAD_INTAKE_ID.exec(workflowId) ?? [];
  return agencyId === undefined || leadId === undefined ? undefined : { agencyId, leadId };
}

/** The workflow that brings one location's records of one kind into the mirror. */
export const backfillWorkflowId = (locationId: string, resource: string, runId: string): string =>
  `backfill/${locationId}/${resource}/${runId}`;

/** The workflow that lets the parts of a run go, a few at a time. */
export const backfillRunWorkflowId = (agencyId: string, runId: string): string => `backfill-run/${agencyId}/${runId}`;

/** The workflow in which the events of one contact meet. @param contactKey the contact's id in GHL; see `contactKeyOf` */
export const contactSyncWorkflowId = (locationId: string, contactKey: string): string =>
  `contact-sync/${locationId}/${contactKey}`;

/** The workflow that polls one location; one runs at a time. */
export const pollSyncWorkflowId = (locationId: string): string => `poll-sync/${locationId}`;

/** The workflow that asks a location about its custom fields. */
export const fieldMappingWorkflowId = (locationId: string, requestId: string): string =>
  `field-mapping/${locationId}/${requestId}`;

/** The workflow that makes two contacts one. */
export const contactMergeWorkflowId = (locationId: string, mergeId: string): string =>
  `contact-merge/${locationId}/${mergeId}`;

/** The workflow by which a new version of the workers shows that it can do its work, on one of the queues. */
export const deploymentProbeWorkflowId = (buildId: string, queue: string, probeId: string): string =>
  `deployment-probe/${buildId}/${queue}/${probeId}`;

/**
 * The workflow that tells of one notice.
 * @param redriveId the dead letter from which it is set going again: the first one may have ended
 */
export const notificationWorkflowId = (agencyId: string, noticeId: string, redriveId?: string): string =>
  `notification/${agencyId}/${noticeId}${redriveId === undefined ? '' : `/${redriveId}`}`;
