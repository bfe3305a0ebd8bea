import { z } from 'zod';
import { contactFieldsSchema, dndSettingsSchema } from './contact-schema.ts';
import { looseFlag, looseText } from './loose-fields.ts';
import { opportunityFieldsSchema } from './opportunity-schema.ts';

/**
 * The fields GHL puts on top of an event's own, all in one flat object. Each can be missing: automatic installs carry no
 * company, workflow-made events no id. `payloadTooLarge` means that the rest is cut: read the resource again.
 */
export const envelopeSchema = z.object({
  type: z.string().min(1).max(100),
  locationId: looseText,
  companyId: looseText,
  timestamp: looseText,
  webhookId: looseText,
  appId: looseText,
  versionId: looseText,
  payloadTooLarge: looseFlag,
});

const event = <T extends string>(type: T) => envelopeSchema.extend({ type: z.literal(type) });
const locationEvent = <T extends string>(type: T) => event(type).extend({ locationId: z.string().min(1) });
const contactEvent = <T extends string>(type: T) =>
  locationEvent(type).extend({ ...contactFieldsSchema.shape, locationId: z.string().min(1) });
const opportunityEvent = <T extends string>(type: T) =>
  locationEvent(type).extend({
    ...opportunityFieldsSchema.shape,
    locationId: z.string().min(1),
    dateAdded: looseText,
  });
const userEvent = <T extends string>(type: T) =>
  event(type).extend({
    id: z.string().min(1),
    firstName: looseText,
    lastName: looseText,
    email: looseText,
    phone: looseText,
    role: looseText,
  });

/** Only what names the record: it is read from GHL, so that nothing else of the event has to be right. */
const recordEvent = <T extends string>(type: T) =>
  event(type).extend({ id: looseText, contactId: looseText, conversationId: looseText });
const messageEvent = <T extends string>(type: T) => recordEvent(type).extend({ messageId: looseText });
const appointmentEvent = <T extends string>(type: T) =>
  event(type).extend({
    appointment: z
      .object({ id: looseText, contactId: looseText })
      .nullish()
      .catch(null)
      .transform((appointment) => appointment ?? { id: null, contactId: null }),
  });

/** The events this system acts on. A change of one opportunity sends two or three of them. */
export const eventSchema = z.discriminatedUnion('type', [
  contactEvent('ContactCreate'),
  contactEvent('ContactUpdate'),
  contactEvent('ContactDelete'),
  contactEvent('ContactTagUpdate'),
  contactEvent('ContactDndUpdate').extend({ dndSettings: dndSettingsSchema }),
  opportunityEvent('OpportunityCreate'),
  opportunityEvent('OpportunityUpdate'),
  opportunityEvent('OpportunityDelete'),
  opportunityEvent('OpportunityStageUpdate'),
  opportunityEvent('OpportunityStatusUpdate'),
  opportunityEvent('OpportunityMonetaryValueUpdate'),
  opportunityEvent('OpportunityAssignedToUpdate'),
  messageEvent('InboundMessage'),
  messageEvent('OutboundMessage'),
  appointmentEvent('AppointmentCreate'),
  appointmentEvent('AppointmentUpdate'),
  appointmentEvent('AppointmentDelete'),
  recordEvent('NoteCreate'),
  recordEvent('NoteUpdate'),
  recordEvent('NoteDelete'),
  recordEvent('TaskCreate'),
  recordEvent('TaskComplete'),
  recordEvent('TaskDelete'),
  userEvent('UserCreate'),
  userEvent('UserUpdate'),
  userEvent('UserDelete'),
  event('INSTALL').extend({ installType: looseText, userId: looseText, planId: looseText }),
  event('UNINSTALL'),
]);

/** What GHL's catalogue lists besides; valid, kept and not acted on. */
export const UNUSED_EVENT_TYPES: ReadonlySet<string> = new Set(
  `PLAN_CHANGE ExternalAuthConnected AssociationCreate
  AssociationUpdate AssociationDelete CampaignStatusUpdate ConversationUnreadUpdate
  InvoiceCreate InvoiceUpdate InvoiceSent InvoicePaid InvoicePartiallyPaid InvoiceVoid InvoiceDelete LCEmailStats
  LocationCreate LocationUpdate ObjectSchemaCreate ObjectSchemaUpdate OrderCreate
  OrderStatusUpdate PriceCreate PriceUpdate PriceDelete ProductCreate ProductUpdate ProductDelete RecordCreate
  RecordUpdate RecordDelete RelationCreate RelationDelete SaaSPlanCreate
  VoiceAiCallEnd`.split(/\s+/),
);

/** A merge field that GHL had nothing for can arrive unfilled, as `{{contact.phone}}`. */
const mergedText = looseText.transform((value) => (value?.includes('{{') ? null : value));

/**
 * The body of a workflow's "custom webhook" action. Nothing of it is sure: people choose what to send, under
 * `customData`; the rest is what GHL adds by itself.
 */
export const workflowWebhookSchema = z.object({
  contact_id: mergedText,
  first_name: mergedText,
  last_name: mergedText,
  full_name: mergedText,
  email: mergedText,
  phone: mergedText,
  address1: mergedText,
  city: mergedText,
  state: mergedText,
  country: mergedText,
  postal_code: mergedText,
  company_name: mergedText,
  contact_source: mergedText,
  date_created: mergedText,
  tags: z
    .union([z.array(z.string()), z.string().transform((list) => list.split(',').map((tag) => tag.trim()))])
    .nullish()
    .catch([])
    .transform((tags) => tags?.filter(Boolean) ?? []),
  location: z
    .object({ id: mergedText, name: mergedText })
    .nullish()
    .catch(null)
    .transform((location) => location ?? { id: null, name: null }),
  workflow: z
    .object({ id: mergedText, name: mergedText })
    .nullish()
    .catch(null)
    .transform((workflow) => workflow ?? { id: null, name: null }),
  customData: z
    .record(z.string(), z.unknown())
    .nullish()
    .catch(null)
    .transform((data) => data ?? {}),
});
