import { explainNoLead } from '../../domain/no-lead.ts';
import { type Facts, judgeStanding, type WorkflowStanding } from '../../domain/standing.ts';
import { traceIdOf } from '../../tracing/trace.ts';
import { viewLead } from '../leads/view.ts';
import { type Answer, formatFields, formatTable } from '../output.ts';
import type { Story } from './find.ts';

/** So many lines of a section: the newest, for one screen. */
const SHOWN = 8;

/** A story in one screen, its last line saying how things stand. Ids, codes and times; nothing of a person. */
export function describeStory(story: Story, workflows: WorkflowStanding[], agencyId: string): Answer {
  const agency = `--agency ${agencyId}`;
  const standing = judgeStanding(factsOf(story, workflows, agency), agency);
  const head = story.leads.length === 1 && story.kind === 'lead' ? viewLead(story.leads[0]!) : viewOther(story);
  const sections = [
    `${story.kind}\n${formatFields(head)}`,
    section('Came in', ['at', 'source', 'type', 'status', 'event'], eventRows(story)),
    section('Asked of workflows', ['at', 'capability', 'state', 'tries', 'error', 'trace in logs'], workRows(story)),
    section('Decided', ['at', 'kind', 'outcome', 'step', 'reason', 'location', 'rep'], decisionRows(story)),
    section(
      'Held by',
      ['since', 'state', 'released', 'GHL contact', 'opportunity', 'task', 'rep'],
      assignmentRows(story),
    ),
    section('Happened', ['at', 'what', 'detail'], timelineRows(story)),
    section('Told', ['since', 'topic', 'channel', 'to', 'state', 'why'], noticeRows(story)),
    section('Our changes', ['made', 'field', 'state', 'why', 'tries', 'by', 'from'], editRows(story)),
    section('Dead letters', ['since', 'cause', 'state'], letterRows(story)),
    section('Temporal', ['workflow', 'status', 'since', 'step', 'attempt', 'last failure'], workflowRows(workflows)),
  ].filter((text) => text !== null);
  const last = `now: ${standing.now}, because ${standing.reason}, you can: ${standing.youCan}`;
  return { data: dataOf(story, workflows, standing), text: `${sections.join('\n\n')}\n\n${last}` };
}

type Rows = Parameters<typeof formatTable>[1];

function section(title: string, headings: string[], rows: Rows): string | null {
  if (rows.length === 0) return null;
  const earlier = rows.length > SHOWN ? ` (${rows.length - SHOWN} earlier not shown)` : '';
  return `${title}${earlier}\n${formatTable(headings, rows.slice(-SHOWN), '')}`;
}

const viewOther = ({ id, contact, leads }: Story) => ({
  id,
  ...(contact && {
    locationId: contact.location_id,
    ghlContactId: contact.ghl_id,
    seenAt: contact.observed_at,
    foundBy: contact.found_by,
    deletedAt: contact.deleted_at,
  }),
  leads: leads.map((lead) => `${lead.id} (${lead.state})`).join(', '),
});

const eventRows = ({ events }: Story): Rows =>
  events.map((event) => [event.received_at, event.source, event.type, event.status, event.id]);

const workRows = ({ work }: Story): Rows =>
  work.map((each) => [
    each.created_at,
    each.capability,
    each.state,
    each.attempts,
    each.last_error,
    traceIdOf(each.traceparent),
  ]);

const decisionRows = ({ decisions }: Story): Rows =>
  decisions.map((each) => [
    each.decided_at,
    each.kind,
    each.outcome,
    each.step,
    each.reason,
    each.location_id,
    each.rep_id,
  ]);

const assignmentRows = ({ assignments }: Story): Rows =>
  assignments.map((each) => [
    each.reserved_at,
    each.state,
    each.release_reason,
    each.ghl_contact_id,
    each.ghl_opportunity_id,
    each.ghl_task_id,
    each.rep_id,
  ]);

const timelineRows = ({ timeline }: Story): Rows =>
  timeline.map((each) => [each.at, each.kind, JSON.stringify(each.detail)]);

const noticeRows = ({ notices }: Story): Rows =>
  notices.map((each) => [each.createdAt, each.topic, each.channel, each.recipient, each.state, each.reason]);

const editRows = ({ edits }: Story): Rows =>
  edits.map((each) => [
    each.made_at,
    each.field,
    each.state,
    each.reason ?? each.last_error,
    each.attempts,
    each.actor,
    each.origin,
  ]);

const letterRows = ({ letters }: Story): Rows =>
  letters.map((each) => [each.created_at, each.cause, each.resolved_at === null ? 'open' : each.resolution]);

const workflowRows = (workflows: WorkflowStanding[]): Rows =>
  workflows.flatMap(({ workflowId, status, startedAt, steps }): Rows => {
    if (steps.length === 0) return [[workflowId, status, startedAt]];
    return steps.map((step) => [workflowId, status, startedAt, step.activity, step.attempt, step.failure]);
  });

function factsOf(story: Story, workflows: WorkflowStanding[], agency: string): Facts {
  const { leadless } = story;
  return {
    openLetters: story.letters.filter(({ resolved_at }) => resolved_at === null),
    work: story.work.map(({ capability, state, last_error }) => ({ capability, state, lastError: last_error })),
    workflows,
    leads: story.leads.map(({ id, state, close_reason }) => ({
      id,
      state,
      closeReason: close_reason,
      lastReason: story.decisions.at(-1)?.reason ?? null,
    })),
    edits: story.edits.map(({ id, state, reason, last_error }) => ({ id, state, reason, lastError: last_error })),
    eventStatus: story.kind === 'event' ? (story.events.at(-1)?.status ?? null) : null,
    contact: story.contact && { id: story.contact.id, isDeleted: story.contact.deleted_at !== null },
    noLead: leadless && explainNoLead(leadless.account, leadless.contact, agency),
  };
}

/** For programs: the same, without what is known of persons. */
function dataOf(story: Story, workflows: WorkflowStanding[], standing: ReturnType<typeof judgeStanding>) {
  const { kind, id, leads, contact, events, work, decisions, assignments, timeline, notices, edits, letters } = story;
  return {
    kind,
    id,
    leads: leads.map(viewLead),
    contact: contact && { id: contact.id, ghlContactId: contact.ghl_id, locationId: contact.location_id },
    ...{ events, work, decisions, assignments, timeline, notices, edits, letters, workflows, standing },
  };
}
