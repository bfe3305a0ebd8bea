import { Router } from 'express';
import type { z } from 'zod';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import { changeSettings, webhookSettingsChangeSchema } from '../webhooks/settings.ts';
import type { WebhookSettings } from '../webhooks/settings.ts';
import { deliveriesQuerySchema, enableUrlSchema, sendWebhookSchema } from './schemas.ts';

/** The settings with the keys that verify; the retired one's only while it signs. */
export interface WebhookView extends WebhookSettings {
  publicKeyPem: string;
  previousPublicKeyPem: string | null;
  legacyPublicKeyPem: string | null;
}

/** What the developer portal shows and does about webhooks, and what makes them go wrong. */
export function createWebhookRouter(sim: Simulation): Router {
  const router = Router();
  router.get('/', (_req, res) => {
    res.json(viewWebhooks(sim));
  });
  router.put('/', (req, res) => {
    changeSettings(sim.webhookSettings, validate(webhookSettingsChangeSchema, req.body));
    sim.deliveries.pump();
    res.json(viewWebhooks(sim));
  });
  router.post('/send', (req, res) => {
    const webhookIds = sendWebhook(sim, validate(sendWebhookSchema, req.body));
    res.json({ webhookId: webhookIds[0], webhookIds });
  });
  router.post('/rotate-key', (_req, res) => {
    sim.signer.rotate();
    res.json(viewWebhooks(sim));
  });
  router.get('/urls', (_req, res) => {
    res.json({ urls: sim.urlBreaker.list() });
  });
  router.post('/urls/enable', (req, res) => {
    const { url } = validate(enableUrlSchema, req.body);
    if (!sim.urlBreaker.enable(url)) throw plainRefusal(400, 'nothing was ever sent to this URL');
    sim.deliveries.pump();
    res.json({});
  });
  router.get('/deliveries', (req, res) => {
    res.json({ deliveries: sim.deliveryLog.list(validate(deliveriesQuerySchema, req.query)) });
  });
  router.post('/deliveries/:id/replay', (req, res) => {
    const logged = sim.deliveryLog.find(req.params.id);
    if (!logged) throw plainRefusal(400, 'no such delivery');
    const { webhookId, type, url, body } = logged;
    const deliveryId = sim.random.uuid('delivery');
    sim.deliveries.enqueue({ deliveryId, webhookId, type, url, body, attempts: 0 }, 0);
    res.json({ deliveryId });
  });
  return router;
}

/** Fires an event as if it had happened. Returns the ids of its webhooks. Raises 400 where nobody hears it. */
export function sendWebhook(sim: Simulation, event: z.output<typeof sendWebhookSchema>): string[] {
  const { type, locationId, companyId, body } = event;
  const owner = companyId ?? sim.world.locations.get(locationId ?? '')?.companyId ?? '';
  const webhookIds = sim.emitter.emit({ type, companyId: owner, locationId, fields: body });
  if (webhookIds.length === 0) {
    throw plainRefusal(400, 'no app listens there: webhooks are off or nothing is installed');
  }
  return webhookIds;
}

function viewWebhooks({ webhookSettings, signer }: Simulation): WebhookView {
  return {
    ...webhookSettings,
    publicKeyPem: signer.publicKeyPem(),
    previousPublicKeyPem: signer.previousPublicKeyPem(),
    legacyPublicKeyPem: webhookSettings.legacySignature === 'none' ? null : signer.legacyPublicKeyPem(),
  };
}
