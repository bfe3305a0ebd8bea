import { Router } from 'express';
import { faultSchema } from '../faults.ts';
import { validate } from '../http/validate.ts';
import { changePlan } from '../oauth/installs.ts';
import { rotatePrivateToken } from '../oauth/private-tokens.ts';
import type { Simulation } from '../simulation.ts';
import { applySeed, seedSchema } from '../world/seed.ts';
import { addLocation, changeLocation, revokeTokens } from './authority.ts';
import { createChangesRouter } from './changes.ts';
import { createBusinessRouter } from './business.ts';
import { createMessagingRouter } from './messaging.ts';
import { renderPage } from './page/page.ts';
import {
  advanceClockSchema,
  behaviourChangeSchema,
  collectionSchema,
  locationChangeSchema,
  newLocationSchema,
  planChangeSchema,
  revokeSchema,
  rotatePrivateTokenSchema,
  stateQuerySchema,
} from './schemas.ts';
import { listGenerated, listState } from './state.ts';
import { countStats } from './stats.ts';
import { createUiRouter } from './ui.ts';
import { createWebhookRouter } from './webhooks.ts';

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
  router.use('/webhooks', createWebhookRouter(sim));
  router.use('/changes', createChangesRouter(sim));
  addDisturbanceRoutes(router, sim);

  router.get('/state/:collection', (req, res) => {
    const collection = validate(collectionSchema, req.params.collection);
    const { locationId, generated = false } = validate(stateQuerySchema, req.query);
    const whole = generated && locationId !== undefined ? listGenerated(sim.world, collection, locationId) : [];
    res.json({ [collection]: [...whole, ...listState(sim.world, collection, locationId)] });
  });
  router.get('/calls', (_req, res) => {
    res.json({ counts: sim.calls.counts(), last: sim.calls.last() });
  });
  router.delete('/calls', (_req, res) => {
    sim.calls.reset();
    res.json({});
  });
  router.get('/limits', (_req, res) => {
    res.json({ limits: sim.limits.list() });
  });
  router.delete('/limits', (_req, res) => {
    sim.limits.resetTallies();
    res.json({});
  });
  router.get('/scenario', (_req, res) => {
    res.json({ scenario: sim.scenario?.progress ?? null });
  });
  router.get('/stats', (_req, res) => {
    res.json(countStats(sim));
  });
  return router;
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
  router.post('/tokens/rotate', (req, res) => {
    const { token, expireOldNow } = validate(rotatePrivateTokenSchema, req.body);
    res.status(201).json(rotatePrivateToken(sim, token, expireOldNow));
  });
  router.post('/installs/plan', (req, res) => {
    changePlan(sim, validate(planChangeSchema, req.body));
    res.json({});
  });
  router.post('/locations', (req, res) => {
    res.status(201).json(addLocation(sim, validate(newLocationSchema, req.body)));
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
    res.json({ now: sim.clock.now().toISOString() });
  });
}
