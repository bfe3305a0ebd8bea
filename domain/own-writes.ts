/**
 * The `source` of every contact that we put into GHL ourselves: by it our own creation is known before GHL has told us
 * the new id.
 */
export const OWN_CONTACT_SOURCE = 'Switchyard';

/** Whether a `source` is, or could be taken for, that mark: then the contact would be no lead. */
export const isOwnSource = (source: unknown): boolean =>
  typeof source === 'string' && source.trim().toLowerCase() === OWN_CONTACT_SOURCE.toLowerCase();
