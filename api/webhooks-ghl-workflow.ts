import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { listOwnContacts } from '../db/lead-intake.ts';
import type { Database } from '../db/schema.ts';
import { findIntakeAccount } from '../db/tenants.ts';
import { parseGhlWorkflowWebhook } from '../ghl/webhooks.ts';
import { authenticateWorkflow, type Caller } from './authentication.ts';
import { type EventKey, keyOfContent } from './event-key.ts';
import type { EventIntake } from './event-intake.ts';
import type { EventOwner, EventPlan, Incoming, IntakeDoor, Receipt } from './intake-door.ts';
import { readJsonBody } from './json-body.ts';
import { rawBodyOf } from './raw-body.ts';
import { describeRequest } from './request-log.ts';
import { orRetryLater } from './retry-later.ts';

export interface GhlWorkflowWebhookDeps {
  db: Kysely<Database>;
  intake: EventIntake;
  logger: Logger;
}

const MAX_ID_LENGTH = 200;

/**
 * `POST /webhooks/ghl-workflow`: the action "custom webhook" of a GHL workflow, unsigned, with the secret of its
 * location in `X-Switchyard-Secret`. It is a lead; for a contact that made one already it is not another.
 */
export const receiveGhlWorkflowWebhook =
  ({ db, intake, logger }: GhlWorkflowWebhookDeps): RequestHandler =>
  async (req, res) => {
    const receipt = await orRetryLater(logger, async () => {
      const caller = await authenticateWorkflow(db, req.get('x-switchyard-secret'));
      return takeWorkflowWebhook(intake, caller, rawBodyOf(req));
    });
    const { agencyId, locationId, rowId } = receipt;
    describeRequest(res, { agencyId, locationId, eventId: rowId });
    res.json({ outcome: receipt.outcome, status: receipt.status });
  };

type WorkflowEvent = Incoming & {
  agencyId: string;
  locationId: string | null;
  /** Why it cannot be read; null when it can. */
  unreadable: string | null;
};
type LiveOwner = EventOwner & { isLive: boolean };

/** Takes the body of a workflow's webhook in. @param key by which it is known again: its content, where it comes over HTTP */
export function takeWorkflowWebhook(
  intake: EventIntake,
  { agencyId, locationId }: Pick<Caller, 'agencyId' | 'locationId'>,
  body: Buffer,
  key: EventKey = keyOfContent([locationId ?? agencyId, body]),
): Promise<Receipt> {
  const { outcome, json } = readJsonBody(body);
  const hook = outcome === 'json' ? parseGhlWorkflowWebhook(json) : undefined;
  const contactId = hook?.contact_id ?? null;
  const isReadable = hook !== undefined && (contactId?.length ?? 0) <= MAX_ID_LENGTH;
  return intake.take(workflowDoor, {
    source: 'ghl-workflow',
    key,
    type: 'WorkflowWebhook',
    ghlLocationId: null,
    ghlContactId: isReadable ? contactId : null,
    occurredAt: null,
    body,
    agencyId,
    locationId,
    unreadable: isReadable ? null : outcome === 'json' ? 'payload' : outcome,
  });
}

const workflowDoor: IntakeDoor<WorkflowEvent, LiveOwner> = {
  async findOwners(tx, events) {
    const owners: LiveOwner[] = [];
    for (const { agencyId, locationId, unreadable } of events) {
      const account = await findIntakeAccount(tx, agencyId, locationId);
      const status = unreadable === null ? 'accepted' : 'unparseable';
      owners.push({ agencyId, locationId, status, isLive: !!account?.liveAt });
    }
    return owners;
  },
  async plan(tx, events) {
    const named = events.flatMap(({ event: { agencyId, ghlContactId } }) =>
      ghlContactId === null ? [] : [{ agencyId, ghlContactId }],
    );
    // The workflow may run for the contact that we have put into the location ourselves.
    const own = (await listOwnContacts(tx, named)).values();
    return events.map(({ event, owner, rowId }): EventPlan => {
      const { ghlContactId: contactId, unreadable } = event;
      const isOwn = contactId !== null && own.next().value === true;
      if (unreadable !== null) return { deadLetter: unreadableLetter(unreadable, rowId) };
      if (!owner.isLive || isOwn) return {};
      const key = contactId === null ? `event:${rowId}` : `contact:${contactId}`;
      return { lead: { key, triggerName: null, sourceContactId: contactId } };
    });
  },
};

const unreadableLetter = (cause: string, rowId: string): NonNullable<EventPlan['deadLetter']> => ({
  cause: `unparseable:${cause}`,
  advice: `A workflow's custom webhook could not be read (${cause}). Mend its body in the workflow: it must be JSON.`,
  subject: { kind: 'event', id: rowId },
});
