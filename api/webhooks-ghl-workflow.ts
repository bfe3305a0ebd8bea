import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { isOwnContact } from '../db/lead-intake.ts';
import type { Database } from '../db/schema.ts';
import { findIntakeAccount } from '../db/tenants.ts';
import { parseGhlWorkflowWebhook } from '../ghl/webhooks.ts';
import { authenticateWorkflow, type Caller } from './authentication.ts';
import { type EventKey, keyOfContent } from './event-key.ts';
import type { EventIntake, EventOwner, EventPlan, Receipt } from './event-intake.ts';
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
  const cause = outcome === 'json' ? 'payload' : outcome;
  return intake.take<LiveOwner>({
    source: 'ghl-workflow',
    key,
    type: 'WorkflowWebhook',
    ghlLocationId: null,
    ghlContactId: isReadable ? contactId : null,
    occurredAt: null,
    body,
    async findOwner(tx) {
      const account = await findIntakeAccount(tx, agencyId, locationId);
      return { agencyId, locationId, status: isReadable ? 'accepted' : 'unparseable', isLive: !!account?.liveAt };
    },
    async plan(tx, owner, { rowId }): Promise<EventPlan> {
      if (!isReadable) {
        const advice = `A workflow's custom webhook could not be read (${cause}). Mend its body in the workflow: it must be JSON.`;
        return { deadLetter: { cause: `unparseable:${cause}`, advice, subject: { kind: 'event', id: rowId } } };
      }
      // The workflow may run for the contact that we have put into the location ourselves.
      const isOwn = contactId !== null && (await isOwnContact(tx, agencyId, contactId));
      if (!owner.isLive || isOwn) return {};
      const key = contactId === null ? `event:${rowId}` : `contact:${contactId}`;
      return { lead: { key, triggerName: null, sourceContactId: contactId } };
    },
  });
}
