import type { Request, RequestHandler, Response } from 'express';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { FieldAnswer, SwitchyardClient } from '../client.ts';
import { audit } from '../db/audit-log.ts';
import { listFieldMappings, removeFieldMapping, type StoredMapping } from '../db/field-mappings.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { mappingRequestSchema } from '../domain/field-mapping-schema.ts';
import { authenticateBearer, type Caller } from './authentication.ts';
import { requireLocation } from './contact-access.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface FieldMappingDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'askFields'>;
  now: () => Date;
}

const viewMapping = (mapping: StoredMapping) => ({
  name: mapping.name,
  type: mapping.type,
  ghlFieldId: mapping.ghlFieldId,
  ghlDataType: mapping.dataType,
  options: mapping.options,
  drift: mapping.drift,
  checkedAt: mapping.checkedAt,
});

/** `GET /v1/locations/:id/field-mappings`: our names for custom fields, and how those have come to differ. */
export const listMappingsByApi =
  (deps: FieldMappingDeps): RequestHandler =>
  async (req, res) => {
    const { caller, locationId } = await find(deps, req, res);
    await show(deps, caller, locationId, res, 200);
  };

/**
 * `PUT /v1/locations/:id/field-mappings`: maps a name to a field that the location has, or with `create` to one that it
 * gets. 200 with all mappings once GHL has said that it fits; 202 while GHL does not answer, then the list shows it; 409
 * with the reason when it does not fit.
 */
export const mapFieldByApi =
  (deps: FieldMappingDeps): RequestHandler =>
  async (req, res) => {
    const request = readBody(req, mappingRequestSchema);
    const { caller, locationId } = await find(deps, req, res);
    const map = { request, actor: caller.actor, origin: 'api' as const };
    await ask(deps, caller, locationId, res, { map });
  };

/** `POST /v1/locations/:id/field-mappings/check`: compares what is mapped with what GHL has now. */
export const checkMappingsByApi =
  (deps: FieldMappingDeps): RequestHandler =>
  async (req, res) => {
    const { caller, locationId } = await find(deps, req, res);
    await ask(deps, caller, locationId, res, {});
  };

/** `DELETE /v1/locations/:id/field-mappings/:name`: forgets the name; values and field stay in GHL. 204; 404 */
export const unmapFieldByApi =
  (deps: FieldMappingDeps): RequestHandler<{ id: string; name: string }> =>
  async (req, res) => {
    const { caller, locationId } = await find(deps, req as never, res);
    const { agencyId, actor } = caller;
    const { name } = req.params;
    const isRemoved = await withScope(deps.db, caller.scope, async (tx) => {
      if (!(await removeFieldMapping(tx, { locationId, name }, deps.now()))) return false;
      const act = { action: 'field.unmap', subject: `location:${locationId}`, before: { name } };
      await audit(tx, { agencyId, actor, origin: 'api', ...act });
      return true;
    });
    if (!isRemoved) throw new ProblemError(404, 'no-such-mapping');
    res.status(204).end();
  };

async function find({ db }: FieldMappingDeps, req: Request, res: Response) {
  const caller = await authenticateBearer(db, req.get('authorization'));
  const { id: locationId } = await withScope(db, caller.scope, (tx) => requireLocation(tx, req.params['id']));
  describeRequest(res, { agencyId: caller.agencyId, locationId });
  return { caller, locationId };
}

async function ask(
  deps: FieldMappingDeps,
  caller: Caller,
  locationId: string,
  res: Response,
  question: Pick<Parameters<SwitchyardClient['askFields']>[0], 'map'>,
): Promise<void> {
  const requestId = uuidv7();
  const answer = await deps.client.askFields({ agencyId: caller.agencyId, locationId, requestId, ...question });
  if (typeof answer === 'object') throw new ProblemError(409, answer.failed);
  if (answer === 'pending') return show(deps, caller, locationId, res, 202);
  if (answer === 'mapped' || answer === 'checked') return show(deps, caller, locationId, res, 200);
  throw new ProblemError(409, answer, { detail: REFUSALS[answer] });
}

const REFUSALS: Record<Exclude<Extract<FieldAnswer, string>, 'mapped' | 'checked' | 'pending'>, string> = {
  'field-unknown': 'The location has no such custom field of contacts; send create to make it.',
  'field-ambiguous': 'Several custom fields are called so: name it by its id.',
  'type-does-not-fit': 'The custom field is of another type.',
  'options-unknown': 'The custom field does not let choose all of these options.',
  'cannot-be-created': 'A field of files is made in GHL, and one that lets choose needs options.',
  'field-mapped-already': 'Another name of this location has the field.',
};

async function show(
  { db }: FieldMappingDeps,
  caller: Caller,
  locationId: string,
  res: Response,
  status: 200 | 202,
): Promise<void> {
  const mappings = await withScope(db, caller.scope, (tx) => listFieldMappings(tx, locationId));
  res.status(status).json({ mappings: mappings.map(viewMapping), ...(status === 202 && { pending: true }) });
}
