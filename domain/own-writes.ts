/**
 * The `source` of every contact that we put into GHL ourselves: by it our own creation is known before GHL has told us
 * the new id.
 */
export const OWN_CONTACT_SOURCE = 'Switchyard';
