import { Router } from 'express';
import { plainRefusal } from '../http/reply.ts';
import { validate } from '../http/validate.ts';
import { deleteLocation } from '../resources/accounts/location-writes.ts';
import { mergeContacts } from '../resources/contact-merge.ts';
import { viewContact } from '../resources/contact-view.ts';
import { createContact, deleteContact, getContact, updateContact } from '../resources/contact-writes.ts';
import { changeOf } from '../resources/opportunity-input.ts';
import { deleteOpportunity, getOpportunity, updateOpportunity } from '../resources/opportunity-writes.ts';
import { createUser, deleteUser, getUser, updateUser } from '../resources/user-writes.ts';
import { install, uninstall } from '../oauth/installs.ts';
import type { Simulation } from '../simulation.ts';
import { userSchema } from '../world/records.ts';
import {
  installRequestSchema,
  mergeSchema,
  uiContactCreateSchema,
  uiContactUpdateSchema,
  uiOpportunityUpdateSchema,
  uiUserCreateSchema,
  uiUserUpdateSchema,
} from './schemas.ts';

const userFieldsSchema = userSchema.omit({ id: true, companyId: true });

/** What a person does in GHL's own screens: the same rules and webhooks as the API, and no token, limit or fault. */
export function createUiRouter(sim: Simulation): Router {
  const router = Router();

  router.post('/contacts', (req, res) => {
    const { locationId, ...input } = validate(uiContactCreateSchema, req.body);
    const location = sim.world.locations.get(locationId);
    if (!location) throw plainRefusal(400, `Location with id ${locationId} not found`);
    res.status(201).json({ contact: viewContact(createContact(sim, location, input)) });
  });
  router.post('/contacts/merge', (req, res) => {
    const { survivorId, loserId } = validate(mergeSchema, req.body);
    const merged = mergeContacts(sim, getContact(sim, survivorId), getContact(sim, loserId));
    res.json({ contact: viewContact(merged) });
  });
  router.put('/contacts/:id', (req, res) => {
    const input = validate(uiContactUpdateSchema, req.body);
    res.json({ contact: viewContact(updateContact(sim, getContact(sim, req.params.id), input)) });
  });
  router.delete('/contacts/:id', (req, res) => {
    deleteContact(sim, getContact(sim, req.params.id));
    res.json({ succeded: true });
  });

  router.put('/opportunities/:id', (req, res) => {
    const change = changeOf(validate(uiOpportunityUpdateSchema, req.body));
    res.json({ opportunity: updateOpportunity(sim, getOpportunity(sim, req.params.id), change) });
  });
  router.delete('/opportunities/:id', (req, res) => {
    deleteOpportunity(sim, getOpportunity(sim, req.params.id));
    res.json({ succeded: true });
  });

  router.post('/users', (req, res) => {
    const { companyId, ...fields } = validate(uiUserCreateSchema, req.body);
    res.status(201).json({ user: createUser(sim, companyId, userFieldsSchema.parse(fields)) });
  });
  router.put('/users/:id', (req, res) => {
    const fields = validate(uiUserUpdateSchema, req.body);
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const user = getUser(sim, req.params.id);
    res.json({ user: updateUser(sim, user, userFieldsSchema.parse({ ...user, ...given })) });
  });
  router.delete('/users/:id', (req, res) => {
    deleteUser(sim, getUser(sim, req.params.id));
    res.json({ succeded: true });
  });

  router.delete('/locations/:id', (req, res) => {
    const location = sim.world.locations.get(req.params.id);
    if (location) deleteLocation(sim, location);
    res.json({ succeded: true });
  });

  router.post('/install', (req, res) => {
    res.json(install(sim, validate(installRequestSchema, req.body)));
  });
  router.post('/uninstall', (req, res) => {
    uninstall(sim, validate(installRequestSchema, req.body));
    res.json({ succeded: true });
  });
  return router;
}
