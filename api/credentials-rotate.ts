import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler, Response } from 'express';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { type SwitchyardClient, TemporalUnavailableError } from '../client.ts';
import type { KeyProvider } from '../crypto/key-ring.ts';
import { seal } from '../crypto/seal.ts';
import {
  addRotation,
  candidateOf,
  type CredentialRotation,
  endRotation,
  findRotation,
} from '../db/credential-rotations.ts';
import { findLocation } from '../db/locations.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { authenticateAgency } from './authentication.ts';
import { readBody } from './input.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

export interface RotationDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  client: Pick<SwitchyardClient, 'startCredentialRotation'>;
  now: () => Date;
}

const body = z.strictObject({ token: z.string().regex(/^[\x21-\x7e]{20,4096}$/, 'is no token') });
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const WAIT_MS = 8_000;
const LOOK_MS = 150;

/**
 * `POST /v1/locations/:id/credentials` `{token}`: tries a private integration token against GHL, which replaces the
 * location's authority when it does all that is needed. 200 replaced; 409 with the reason and the missing scopes, the old
 * one stands; 202 while GHL is still being asked. The key must be the agency's.
 */
export const rotateCredentialByApi =
  ({ db, keys, client, now }: RotationDeps): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const { agencyId, actor } = await authenticateAgency(db, req.get('authorization'));
    const locationId = req.params.id.toLowerCase();
    describeRequest(res, { agencyId });
    const { token } = readBody(req as never, body);
    const rotationId = uuidv7();
    await withScope(db, { agencyId }, async (tx) => {
      const location = UUID.test(locationId) ? await findLocation(tx, locationId) : undefined;
      if (!location) throw new ProblemError(404, 'no-such-location');
      if (location.ghl_location_id === null) throw new ProblemError(409, 'no-ghl-location');
      const candidate = seal(keys, Buffer.from(token), candidateOf(agencyId, locationId));
      await addRotation(tx, { rotationId, agencyId, locationId, candidate }, { actor, origin: 'api' });
    });
    try {
      await client.startCredentialRotation({ agencyId, rotationId, locationId });
    } catch (error) {
      // Whoever asked is told to ask again, with the token: this one is not kept.
      const end = { outcome: 'failed' as const, missingScopes: [], now: now() };
      await withScope(db, { agencyId }, (tx) => endRotation(tx, { id: rotationId, agencyId, locationId, actor }, end));
      throw error;
    }
    const look = () => withScope(db, { agencyId }, (tx) => findRotation(tx, rotationId));
    let rotation = await look();
    for (let waitedMs = 0; rotation?.outcome === null && waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
      await sleep(LOOK_MS);
      rotation = await look();
    }
    showRotation(res, rotation!);
  };

/**
 * `GET /v1/locations/:id/credentials/:rotationId`: what became of it, answered as above. 404 when the agency has none such.
 */
export const getRotationByApi =
  ({ db, client }: RotationDeps): RequestHandler<{ id: string; rotationId: string }> =>
  async (req, res) => {
    const { agencyId } = await authenticateAgency(db, req.get('authorization'));
    const { id: locationId, rotationId } = req.params;
    describeRequest(res, { agencyId });
    const rotation = UUID.test(rotationId)
      ? await withScope(db, { agencyId }, (tx) => findRotation(tx, rotationId))
      : undefined;
    if (rotation?.location_id !== locationId.toLowerCase()) throw new ProblemError(404, 'no-such-rotation');
    // Temporal may have been away when it was asked for.
    if (rotation.outcome === null) await orLater(client.startCredentialRotation({ agencyId, rotationId, locationId }));
    showRotation(res, rotation);
  };

async function orLater(started: Promise<void>): Promise<void> {
  try {
    await started;
  } catch (error) {
    if (!(error instanceof TemporalUnavailableError)) throw error;
  }
}

function showRotation(res: Response, rotation: CredentialRotation): void {
  const { id, outcome, missing_scopes: missingScopes } = rotation;
  if (outcome === 'replaced' || outcome === null) {
    res.status(outcome === null ? 202 : 200).json({ id, outcome: outcome ?? 'pending' });
    return;
  }
  throw new ProblemError(409, `credential-${outcome}`, {
    detail: 'The credential that was there stands.',
    issues: missingScopes.map((scope) => ({ path: 'token', message: `lacks the scope ${scope}` })),
  });
}
