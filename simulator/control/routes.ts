import { Router } from 'express';
import { faultSchema } from '../faults.ts';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import { webhookSettingsChangeSchema } from '../webhooks/settings.ts';
import { applySeed, seedSchema } from '../world/seed.ts';
import { changeLocation, revokeTokens } from './authority.ts';
import { createBusinessRouter } from './business.ts';
import { createMessagingRouter } from './messaging.ts';
import { renderPage } from './page.ts';
import {
  advanceClockSchema,
  behaviourChangeSchema,
  collectionSchema,
  locationChangeSchema,
  revokeSchema,
  sendWebhookSchema,
  stateQuerySchema,
} from './schemas.ts';
import { listState } from './state.ts';
import { countStats } from './stats.ts';
import { createUiRouter } from './ui.ts';

/** The control API: what tests and the demo do to the pretended GHL, and what they may see of it. */
export function createControlRouter(sim: Simulation): Router {
  const router = Router();
  router.use((req, _res, next) => {
    if (req.method !== 'GET') sim.changed = true;
    next();
  });
  router.get('/', (_req, res) => {
    res.type('html').send(renderPage(sim));
  });
  router.post('/seed', (req, res) => {
    applySeed(sim, validate(seedSchema, req.body));
    res.json(countStats(sim));
  });
  router.use('/ui', createUiRouter(sim), createMessagingRouter(sim), createBusinessRouter(sim));
  addWebhookRoutes(router, sim);
  addDisturbanceRoutes(router, sim);

  router.get('/state/:collection', (req, res) => {
    const collection = validate(collectionSchema, req.params.collection);
    const { locationId } = validate(stateQuerySchema, req.query);
    res.json({ [collection]: listState(sim.world, collection, locationId) });
  });
  router.get('/calls', (_req, res) => {
    res.json({ counts: sim.calls.counts(), last: sim.calls.last() });
  });
  router.delete('/calls', (_req, res) => {
    sim.calls.reset();
    res.json({});
  });
  router.get('/stats', (_req, res) => {
    res.json(countStats(sim));
  });
  return router;
}

function addWebhookRoutes(router: Router, sim: Simulation): void {
  const view = (): object => ({ ...sim.webhookSettings, publicKeyPem: sim.signer.publicKeyPem });
  router.get('/webhooks', (_req, res) => {
    res.json(view());
  });
  router.put('/webhooks', (req, res) => {
    const change = validate(webhookSettingsChangeSchema, req.body);
    Object.assign(sim.webhookSettings, change);
    sim.deliveries.pump();
    res.json(view());
  });
  router.post('/webhooks/send', (req, res) => {
    const { type, locationId, companyId, body } = validate(sendWebhookSchema, req.body);
    const owner = companyId ?? sim.world.locations.get(locationId ?? '')?.companyId ?? '';
    const webhookIds = sim.emitter.emit({ type, companyId: owner, locationId, fields: body });
    const webhookId = webhookIds[0];
    if (!webhookId) throw plainRefusal(400, 'no app listens there: webhooks are off or nothing is installed');
    res.json({ webhookId, webhookIds });
  });
}

function addDisturbanceRoutes(router: Router, sim: Simulation): void {
  router.get('/faults', (_req, res) => {
    res.json({ faults: sim.faults.list() });
  });
  router.post('/faults', (req, res) => {
    res.status(201).json(sim.faults.add(validate(faultSchema, req.body)));
  });
  router.delete('/faults', (_req, res) => {
    sim.faults.clear();
    res.json({});
  });
  router.post('/tokens/revoke', (req, res) => {
    res.json({ revoked: revokeTokens(sim, validate(revokeSchema, req.body)) });
  });
  router.put('/locations/:id', (req, res) => {
    changeLocation(sim, req.params.id, validate(locationChangeSchema, req.body));
    res.json({});
  });
  router.put('/behaviour', (req, res) => {
    res.json(Object.assign(sim.behaviour, validate(behaviourChangeSchema, req.body)));
  });
  router.post('/clock/advance', (req, res) => {
    sim.clock.advance(validate(advanceClockSchema, req.body).ms);
    sim.agenda.settle();
    res.json({ now: sim.clock.now().toISOString() });
  });
}
