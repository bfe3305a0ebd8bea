import type { RequestHandler } from 'express';
import { changeContact, redriveContact } from '../db/contact-changes.ts';
import { listUnsettledEdits } from '../db/contact-edits.ts';
import { getLocation } from '../db/locations.ts';
import { audit } from '../db/audit-log.ts';
import { listFieldMappings } from '../db/field-mappings.ts';
import { withScope } from '../db/scope.ts';
import { contactChangeSchema, readContactInput } from '../domain/contact-input.ts';
import { authenticateBearer } from './authentication.ts';
import { lockChangeableContact, lockRedrivableContact, refuseIssues, requireContact } from './contact-access.ts';
import { viewContact, viewWholeContact } from './contact-view.ts';
import type { ContactChangeDeps } from './contacts-create.ts';
import { readBody } from './input.ts';
import { describeRequest } from './request-log.ts';

/** `GET /v1/contacts/:id`: what GHL shows of it with what is on its way, how far that has come, and who set each field. */
export const getContactByApi =
  ({ db }: Pick<ContactChangeDeps, 'db'>): RequestHandler =>
  async (req, res) => {
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const answer = await withScope(db, caller.scope, async (tx) => {
      const contact = await requireContact(tx, req.params['id']);
      const edits = await listUnsettledEdits(tx, [contact.id]);
      return viewWholeContact(contact, edits, await listFieldMappings(tx, contact.location_id));
    });
    res.set('Cache-Control', 'no-store').json(answer);
  };

/**
 * `PATCH /v1/contacts/:id`: changes what is named, here at once and in GHL as soon as it can be. 200 with the contact as
 * it is to be; asked again it changes nothing. 409 when it is deleted or being merged; 422 for what does not fit.
 */
export const changeContactByApi =
  (deps: ContactChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    describeRequest(res, { agencyId: caller.agencyId, locationId: caller.locationId });
    const input = readBody(req, contactChangeSchema);
    const answer = await withScope(db, caller.scope, async (tx) => {
      const contact = await lockChangeableContact(tx, req.params['id']);
      const mappings = await listFieldMappings(tx, contact.location_id);
      const { country } = await getLocation(tx, contact.location_id);
      const { changes, issues } = readContactInput(input, { country: country ?? 'US', mappings });
      refuseIssues(issues);
      await changeContact(tx, contact, changes, { actor: caller.actor, origin: 'api', now: deps.now() });
      return viewContact(contact, await listUnsettledEdits(tx, [contact.id]), mappings);
    });
    deps.relay.wake();
    res.set('Cache-Control', 'no-store').json(answer);
  };

/** `POST /v1/contacts/:id/redrive`: tries again what GHL did not take. 200 with how many changes that is; 409 when it is being merged. */
export const redriveContactByApi =
  (deps: ContactChangeDeps): RequestHandler =>
  async (req, res) => {
    const { db } = deps;
    const caller = await authenticateBearer(db, req.get('authorization'));
    const { agencyId, actor } = caller;
    describeRequest(res, { agencyId, locationId: caller.locationId });
    const answer = await withScope(db, caller.scope, async (tx) => {
      const contact = await lockRedrivableContact(tx, req.params['id']);
      const redriven = await redriveContact(tx, contact, deps.now());
      const act = { action: 'contact.redrive', subject: `contact:${contact.id}`, after: { redriven } };
      await audit(tx, { agencyId, actor, origin: 'api', ...act });
      return { id: contact.id, redriven };
    });
    deps.relay.wake();
    res.json(answer);
  };
