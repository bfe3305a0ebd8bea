import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createConnectSecret } from '../crypto/connect-secret.ts';
import { addConnectLink } from '../db/connect-links.ts';
import type { Database } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import type { GhlDoor } from '../domain/authorize-url.ts';
import { authenticateAgency } from './authentication.ts';
import { readBody } from './input.ts';
import type { OperatorDoor } from './operator-door.ts';
import { ProblemError } from './problem.ts';
import { describeRequest } from './request-log.ts';

const body = z.strictObject({
  purpose: z.enum(['locations', 'provisioning']).default('locations'),
  minutes: z.number().int().min(1).max(1_440).default(30),
});

/**
 * `POST /v1/agency/connect-links`: makes a one-time link that connects the agency of the key to GHL. 201 with its
 * address, which is shown once; 403 for a location's key; 409 when there is no app for the purpose.
 */
export const createConnectLinkByApi =
  (deps: { db: Kysely<Database>; door: OperatorDoor; ghlDoor: GhlDoor; now: () => Date }): RequestHandler =>
  async (req, res) => {
    const { agencyId, actor } = await authenticateAgency(deps.db, req.get('authorization'));
    describeRequest(res, { agencyId });
    const { purpose, minutes } = readBody(req, body);
    if (deps.ghlDoor.apps[purpose] === null) throw new ProblemError(409, 'no-app');
    const { secret, hash } = createConnectSecret();
    const id = uuidv7();
    const expiresAt = new Date(deps.now().getTime() + minutes * 60_000);
    await withScope(deps.db, { agencyId }, (tx) =>
      addConnectLink(tx, { id, agencyId, purpose, hash, expiresAt }, { actor, origin: 'api' }),
    );
    const url = `${deps.door.publicUrl}/oauth/ghl/start?link=${secret}`;
    res.status(201).set('Cache-Control', 'no-store').json({ id, url, purpose, expiresAt });
  };
