import type { Transaction } from 'kysely';
import { listAssignments } from '../../db/assignments.ts';
import { editorKeyOf } from '../../db/contact-work.ts';
import { type Contact, findContact } from '../../db/contacts.ts';
import { listTimeline } from '../../db/lead-timeline.ts';
import { findLead } from '../../db/leads.ts';
import { listDeliveries } from '../../db/notice-deliveries.ts';
import type { Database, Lead } from '../../db/schema.ts';
import * as stories from '../../db/story.ts';
import { contactSyncWorkflowId, leadIntakeWorkflowId } from '../../domain/workflow-ids.ts';
import { CommandError } from '../failure.ts';
import { findLeadlessContact, findLeadlessEvent, type Leadless } from './leadless.ts';

export const KINDS = ['lead', 'contact', 'event', 'message'] as const;
export type Kind = (typeof KINDS)[number];

/** What an id was found to name. */
interface Subject {
  kind: Kind;
  id: string;
  leads: Lead[];
  contact: Contact | null;
  events: stories.StoryEvent[];
  /** Further things that letters may be about. */
  alsoCalled: string[];
  /** Of a contact that made no lead, or an event that tells of one: what decides that. */
  leadless: Leadless | null;
}

const none = { leads: [], contact: null, alsoCalled: [], leadless: null };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Finds what an id names in the agency: a lead by its id, a contact by its id here or in GHL (also one that only leads
 * know, because the mirror has not seen it yet), an event by its row's id or
 * the webhook's, a message by its id in GHL.
 * @param webhookEventId the event of the agency that came with this id, if any
 * @throws CommandError when there is nothing such
 */
export async function findSubject(
  tx: Transaction<Database>,
  given: { kind: Kind | undefined; id: string; webhookEventId: string | undefined },
): Promise<Subject> {
  const { kind, id, webhookEventId } = given;
  const may = (other: Kind): boolean => kind === undefined || kind === other;
  const isOurs = UUID.test(id);
  const lead = may('lead') && isOurs ? await findLead(tx, id) : undefined;
  if (lead) return aboutLead(tx, lead);
  const event = may('event') ? await findEvent(tx, isOurs ? id : undefined, webhookEventId) : undefined;
  if (event) {
    const leads = await stories.listLeadsOfEvent(tx, event);
    const leadless = leads.length === 0 ? await findLeadlessEvent(tx, event) : null;
    return { ...none, kind: 'event', id: event.id, leads, events: [event], leadless };
  }
  const contact = may('contact') ? await findOneContact(tx, id, isOurs) : undefined;
  if (contact) return aboutContact(tx, contact);
  const [newest, ...older] = may('contact') ? await stories.listLeadsOfContact(tx, id) : [];
  if (newest) {
    const locationId = newest.source_contact_id === id ? newest.intake_location_id : newest.location_id!;
    const events = await stories.listEventsAbout(tx, { locationId, ghlContactId: id });
    const leads = [newest, ...older];
    return { ...none, kind: 'contact', id, leads, events: events.reverse() };
  }
  const message = may('message') ? await stories.findStoryMessage(tx, id) : undefined;
  if (message) {
    const { location_id: locationId, ghl_contact_id: owner } = message;
    const owners = owner === null ? [] : await stories.listContactsByGhlId(tx, owner);
    const events = await stories.listEventsAbout(tx, { locationId, ghlRecordId: id });
    const found = owners.find((each) => each.location_id === locationId) ?? null;
    return { ...none, kind: 'message', id, contact: found, events };
  }
  throw new CommandError('unknown-subject', `The agency has no ${kind ?? 'lead, contact, event or message'} ${id}.`);
}

async function findEvent(tx: Transaction<Database>, rowId: string | undefined, webhookEventId: string | undefined) {
  const byRow = rowId === undefined ? undefined : await stories.findStoryEvent(tx, rowId);
  if (byRow || webhookEventId === undefined) return byRow;
  return stories.findStoryEvent(tx, webhookEventId);
}

async function findOneContact(tx: Transaction<Database>, id: string, isOurs: boolean): Promise<Contact | undefined> {
  const ours = isOurs ? await findContact(tx, id) : undefined;
  return ours ?? (await stories.listContactsByGhlId(tx, id))[0];
}

async function aboutLead(tx: Transaction<Database>, lead: Lead): Promise<Subject> {
  const event = await stories.findStoryEvent(tx, lead.event_row_id);
  return { ...none, kind: 'lead', id: lead.id, leads: [lead], events: event ? [event] : [] };
}

async function aboutContact(tx: Transaction<Database>, contact: Contact): Promise<Subject> {
  const { id, ghl_id: ghlContactId, location_id: locationId } = contact;
  if (ghlContactId === null) return { ...none, kind: 'contact', id, contact, events: [] };
  const leads = await stories.listLeadsOfContact(tx, ghlContactId);
  const events = (await stories.listEventsAbout(tx, { locationId, ghlContactId })).reverse();
  const leadless = leads.length === 0 ? await findLeadlessContact(tx, contact) : null;
  return { kind: 'contact', id, leads, contact, events, alsoCalled: [ghlContactId], leadless };
}

export type Story = Awaited<ReturnType<typeof readStory>>;

/** All that the database knows of what happened to it. */
export async function readStory(tx: Transaction<Database>, subject: Subject) {
  const { leads, contact, events } = subject;
  const contactWorkflow = contact && contactSyncWorkflowId(contact.location_id, editorKeyOf(contact));
  const causeIds = [...events.map(({ id }) => id), ...leads.map((lead) => lead.event_row_id)];
  const orderingKeys = [...leads.map(({ id }) => `lead:${id}`), ...(contactWorkflow === null ? [] : [contactWorkflow])];
  const work = await stories.listWorkOf(tx, { causeIds: [...new Set(causeIds)], orderingKeys });
  const ofLeads = leads.map((lead) => leadIntakeWorkflowId(lead.agency_id, lead.id));
  const asked = subject.kind === 'lead' ? [] : work.map(({ workflow_id }) => workflow_id);
  const workflowIds = [...new Set([...ofLeads, ...(contactWorkflow === null ? [] : [contactWorkflow]), ...asked])];
  const [lead] = leads;
  const subjectIds = [subject.id, ...subject.alsoCalled, ...leads.map(({ id }) => id), ...events.map(({ id }) => id)];
  return {
    ...subject,
    work,
    workflowIds: workflowIds.slice(0, 4),
    decisions: lead ? await stories.listStoryDecisions(tx, lead.id) : [],
    assignments: lead ? await listAssignments(tx, lead.id) : [],
    timeline: lead ? await listTimeline(tx, lead.id) : [],
    notices: lead ? (await listDeliveries(tx, { leadId: lead.id, limit: 50 })).reverse() : [],
    edits: contact ? await stories.listEditsOf(tx, contact.id) : [],
    letters: await stories.listLettersAbout(tx, { subjectIds, workflowIds }),
  };
}
