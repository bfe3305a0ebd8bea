import type { ControlClient } from '../../simulator/control-client.ts';
import { viewEmail, viewMessage } from '../../simulator/resources/messaging/message-view.ts';
import type { Message } from '../../simulator/world/messaging-records.ts';

/** A record as the mirror should hold it: its own fields, and what stands beside them. */
export interface Wanted {
  fields: Record<string, unknown>;
  contactId: string | null;
  /** GHL's times as they should stand in the row; undefined where the row has none of the kind. */
  createdAt?: string;
  updatedAt?: string;
}

/** Records by their id in GHL. */
export type Picture = Map<string, Wanted>;

/**
 * What a row holds of each kind, written down here once more on purpose: the code that reads, compares and stores in the
 * product is what is on trial.
 */
const FIELDS = {
  contact: [
    ...['firstName', 'lastName', 'email', 'phone', 'companyName', 'address1', 'city', 'state', 'postalCode', 'country'],
    ...['timezone', 'website', 'dateOfBirth', 'source', 'assignedTo', 'dnd', 'dndSettings'],
    'inboundDndSettings',
  ],
  opportunity: ['name', 'pipelineId', 'pipelineStageId', 'status', 'monetaryValue', 'assignedTo', 'source'],
  appointment: ['calendarId', 'groupId', 'title', 'appointmentStatus', 'assignedUserId', 'startTime', 'endTime'],
  conversation: ['assignedTo'],
  message: [
    ...['type', 'messageType', 'conversationId', 'body', 'direction', 'status', 'contentType', 'attachments', 'source'],
    ...['userId', 'conversationProviderId', 'meta'],
  ],
  email: ['subject', 'body', 'from', 'to', 'cc'],
  note: ['body', 'userId'],
  task: ['title', 'body', 'assignedTo', 'dueDate', 'completed'],
  user: ['firstName', 'lastName', 'email', 'phone'],
  'custom-field': ['name', 'fieldKey', 'dataType', 'model', 'position', 'picklistOptions'],
} as const;

const pick = (record: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, (record as Record<string, unknown>)[name]]));

/** GHL shows the second e-mails and phones of a contact as objects; the mirror holds their texts. */
const textsOf = (shown: unknown, name: 'email' | 'phone'): unknown[] =>
  (Array.isArray(shown) ? shown : []).map((each: unknown) =>
    typeof each === 'object' && each !== null ? (each as Record<string, unknown>)[name] : each,
  );

type Shown = { id: string; contactId?: string | null };
const pictureOf = <T extends Shown>(records: readonly T[], wanted: (record: T) => Omit<Wanted, 'contactId'>): Picture =>
  new Map(records.map((each) => [each.id, { contactId: each.contactId ?? null, ...wanted(each) }]));

/** Everything that GHL holds of a location, by the mirror's words for it. */
export async function pictureGhl(ghl: ControlClient, locationId: string): Promise<Record<string, Picture>> {
  const contacts = (await ghl.listAllContacts(locationId)).map((each) => ({ ...each, contactId: each.id }));
  const pipelines = await ghl.listPipelines(locationId);
  return {
    contact: pictureOf(contacts, (each) => ({
      fields: {
        ...pick(each, FIELDS.contact),
        tags: [...new Set(each.tags)].sort(),
        additionalEmails: textsOf(each.additionalEmails, 'email'),
        additionalPhones: textsOf(each.additionalPhones, 'phone'),
        customFields: Object.fromEntries(each.customFields.map(({ id, value }) => [id, value])),
      },
      createdAt: each.dateAdded,
      updatedAt: each.dateUpdated,
    })),
    opportunity: pictureOf(await ghl.listOpportunities(locationId), (each) => ({
      fields: pick(each, FIELDS.opportunity),
      createdAt: each.createdAt,
      updatedAt: each.updatedAt,
    })),
    appointment: pictureOf(await ghl.listRecords('appointments', locationId), (each) => ({
      fields: pick(each, FIELDS.appointment),
      createdAt: each.dateAdded,
      updatedAt: each.dateUpdated,
    })),
    conversation: pictureOf(await ghl.listAllRecords('conversations', locationId), (each) => ({
      fields: pick(each, FIELDS.conversation),
    })),
    message: pictureOf(await ghl.listAllRecords('messages', locationId), (each) => ({
      fields: messageFields(each),
      createdAt: each.dateAdded,
    })),
    note: pictureOf(await ghl.listNotes(locationId), (each) => ({ fields: pick(each, FIELDS.note) })),
    task: pictureOf(await ghl.listTasks(locationId), (each) => ({ fields: pick(each, FIELDS.task) })),
    user: pictureOf(await ghl.listUsers(locationId), (each) => ({
      fields: {
        ...pick(each, FIELDS.user),
        name: `${each.firstName} ${each.lastName}`.trim(),
        roles: { type: each.type, role: each.role },
        deleted: false,
      },
    })),
    'custom-field': pictureOf(await ghl.listRecords('customFields', locationId), (each) => ({
      fields: pick(each, FIELDS['custom-field']),
    })),
    pipeline: pictureOf(pipelines, ({ name, stages }) => ({
      fields: { name, stages: stages.map((stage) => pick(stage, ['id', 'name', 'position'])) },
    })),
  };
}

/** A message as its own reads show it; what an e-mail says stands in a read of its own. */
function messageFields(message: Message): Record<string, unknown> {
  const written = message.email ? pick(viewEmail(message), FIELDS.email) : {};
  return { ...pick(viewMessage(message), FIELDS.message), ...written };
}
