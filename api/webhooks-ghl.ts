import type { KeyObject } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { verifyGhlSignature } from '../ghl/webhooks.ts';
import { createArrivalOrder } from './arrival-order.ts';
import type { EventIntake } from './event-intake.ts';
import { readGhlDelivery } from './ghl-delivery.ts';
import { takeGhlDelivery } from './ghl-intake.ts';
import { ProblemError } from './problem.ts';
import { rawBodyOf } from './raw-body.ts';
import type { RefusedDeliveries } from './refused-deliveries.ts';
import { describeRequest } from './request-log.ts';
import { orRetryLater } from './retry-later.ts';

export interface GhlWebhookDeps {
  publicKeys: readonly KeyObject[];
  intake: EventIntake;
  refused: RefusedDeliveries;
  logger: Logger;
}

/**
 * `POST /webhooks/ghl`: a signed delivery of GHL. 200 once it is stored, whatever it holds, and for a repeat; 401
 * without a valid `X-GHL-Signature`; 429 when it cannot be stored now.
 */
export function receiveGhlWebhook({ publicKeys, intake, refused, logger }: GhlWebhookDeps): RequestHandler {
  const inOrder = createArrivalOrder();
  return async (req, res) => {
    const body = rawBodyOf(req);
    const signature = req.get('x-ghl-signature');
    // What comes of one contact is taken in the order in which it came.
    const { valid, reason } = await inOrder(verifyGhlSignature(body, signature, publicKeys));
    if (!valid) {
      const isRetired = reason === 'missing' && req.get('x-wh-signature') !== undefined;
      refused.note({
        reason: isRetired ? 'retired-signature-only' : reason,
        signature: signature ?? null,
        path: req.path,
        headerNames: Object.keys(req.headers),
        body,
      });
      throw new ProblemError(401, 'signature-refused');
    }
    const delivery = readGhlDelivery(body, req.headers);
    const receipt = await orRetryLater(logger, () => takeGhlDelivery(intake, delivery, body));
    const { agencyId, locationId, rowId } = receipt;
    describeRequest(res, { agencyId, locationId, eventId: rowId });
    answerJson(res, { outcome: receipt.outcome, status: receipt.status });
  };
}

/** `res.json` looks at much that an answer given a thousand times a second never needs. */
function answerJson(res: Response, body: object): void {
  const text = JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) };
  res.writeHead(200, headers).end(text);
}
