import { Router } from 'express';
import { makeChanges, startChanges } from '../changes/run.ts';
import { validate } from '../http/validate.ts';
import type { Simulation } from '../simulation.ts';
import { makeChangesSchema, startChangesSchema } from './schemas.ts';

/** A live account: random changes, at once or at a pace, and the report of them. */
export function createChangesRouter(sim: Simulation): Router {
  const router = Router();
  router.get('/', (_req, res) => {
    res.json(sim.changes.report());
  });
  router.get('/counts', (_req, res) => {
    res.json(sim.changes.counts());
  });
  router.post('/', (req, res) => {
    makeChanges(sim, validate(makeChangesSchema, req.body));
    res.json(sim.changes.report());
  });
  router.post('/start', (req, res) => {
    startChanges(sim, validate(startChangesSchema, req.body));
    res.json({});
  });
  router.post('/stop', (_req, res) => {
    sim.changes.stop();
    res.json(sim.changes.report());
  });
  router.delete('/', (_req, res) => {
    sim.changes.reset();
    res.json({});
  });
  return router;
}
