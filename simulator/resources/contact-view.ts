import type { Contact } from '../world/records.ts';

/** The full name as GHL shows it. */
export function nameOf(contact: Contact): string {
  return [contact.firstName, contact.lastName].filter(Boolean).join(' ');
}

/** A contact as `GET /contacts/{id}` returns it. */
export function viewContact(contact: Contact): Record<string, unknown> {
  return {
    ...contact,
    name: nameOf(contact),
    contactName: nameOf(contact),
    fullNameLowerCase: nameOf(contact).toLowerCase(),
    emailLowerCase: contact.email?.toLowerCase() ?? null,
    additionalEmails: (contact.additionalEmails ?? []).map((email) => ({ email })),
    additionalPhones: (contact.additionalPhones ?? []).map((phone) => ({ phone })),
  };
}

/** A contact as a search document: names in lower case only, and the cursor to continue after it. */
export function viewSearchDocument(
  contact: Contact,
  searchAfter: unknown[],
  showsDnd: boolean,
): Record<string, unknown> {
  const { firstName, lastName, dndSettings, ...rest } = contact;
  return {
    ...rest,
    ...(showsDnd && Object.keys(dndSettings).length > 0 ? { dndSettings } : {}),
    contactName: nameOf(contact).toLowerCase(),
    firstNameLowerCase: firstName?.toLowerCase() ?? null,
    lastNameLowerCase: lastName?.toLowerCase() ?? null,
    searchAfter,
  };
}

/** The fields of a contact in ContactCreate, ContactUpdate, ContactDelete and ContactTagUpdate. */
export function contactEventFields(contact: Contact): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    id: contact.id,
    name: nameOf(contact),
    firstName: contact.firstName,
    lastName: contact.lastName,
    email: contact.email,
    phone: contact.phone,
    companyName: contact.companyName,
    address1: contact.address1,
    city: contact.city,
    state: contact.state,
    postalCode: contact.postalCode,
    country: contact.country,
    timezone: contact.timezone,
    source: contact.source,
    dateAdded: contact.dateAdded,
    dateOfBirth: contact.dateOfBirth,
    dnd: contact.dnd,
    tags: contact.tags,
    website: contact.website,
    assignedTo: contact.assignedTo,
    attachments: [],
    customFields: contact.customFields,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}
