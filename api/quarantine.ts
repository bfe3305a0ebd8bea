import type { KeyObject } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { type KeyProvider, UnknownKeyVersionError } from '../crypto/key-ring.ts';
import { unseal, UnsealError } from '../crypto/seal.ts';
import { auditOperator } from '../db/operators.ts';
import { listRefusedBodies, listRefusedDeliveries, markRefusedTaken, REFUSED_BODY } from '../db/refused-deliveries.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { verifyGhlSignature } from '../ghl/webhooks.ts';
import type { EventIntake } from './event-intake.ts';
import { readGhlDelivery } from './ghl-delivery.ts';
import { takeGhlDelivery } from './ghl-intake.ts';
import { readBody } from './input.ts';
import { operatorOf } from './operator-access.ts';

export interface QuarantineDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  publicKeys: readonly KeyObject[];
  intake: EventIntake;
  now: () => Date;
}

/**
 * `GET /operator/quarantine`: the last refused deliveries, the latest first: when, where, which check refused each, its size
 * and digest and the names of its headers. Nothing is opened. 401 for whoever is no operator.
 */
export const listQuarantine =
  ({ db }: Pick<QuarantineDeps, 'db'>): RequestHandler =>
  async (_req, res) => {
    const deliveries = await withSystemRole(db, 'operators', listRefusedDeliveries);
    res.set('Cache-Control', 'no-store').json({ deliveries });
  };

const body = z.strictObject({ dryRun: z.boolean().default(true) });

/** What became of a delivery: `valid` and `taken` are signed by a key that is configured now. */
type Outcome = 'valid' | 'taken' | 'repeat' | 'still-refused' | 'unreadable';

/**
 * `POST /operator/quarantine/take`: checks what is kept against the keys that are configured now, and takes in what they signed, as if it
 * had just come; a repeat of what came since is found to be one. A dry run, which only checks, unless `dryRun` is false. In
 * the operators' audit log before anything is opened, and with what was taken. 401 for whoever is no operator.
 */
export const takeFromQuarantine =
  (deps: QuarantineDeps): RequestHandler =>
  async (req, res) => {
    const { dryRun } = readBody(req, body);
    const { db, now } = deps;
    const act = { actor: `operator:${operatorOf(req).operator}`, origin: 'api' };
    const kept = await withSystemRole(db, 'operators', async (tx) => {
      const sealed = await listRefusedBodies(tx, { isUntaken: true });
      const after = { deliveries: sealed.length, dryRun };
      await auditOperator(tx, { ...act, action: 'quarantine.check', subject: 'quarantine', after });
      return sealed;
    });
    const results: { id: string; outcome: Outcome; reason: string }[] = [];
    for (const delivery of kept) {
      const { id } = delivery;
      const { outcome, reason, bytes } = await check(deps, delivery);
      if (outcome !== 'valid' || dryRun) {
        results.push({ id, outcome, reason });
        continue;
      }
      const receipt = await takeGhlDelivery(deps.intake, readGhlDelivery(bytes, {}), bytes);
      await withSystemRole(db, 'operators', async (tx) => {
        await markRefusedTaken(tx, id, now());
        const after = { eventId: receipt.rowId, outcome: receipt.outcome };
        await auditOperator(tx, { ...act, action: 'quarantine.take', subject: `refused-delivery:${id}`, after });
      });
      results.push({ id, outcome: receipt.outcome === 'repeat' ? 'repeat' : 'taken', reason: receipt.status });
    }
    res.set('Cache-Control', 'no-store').json({ dryRun, deliveries: results });
  };

type Checked =
  | { outcome: 'valid'; reason: string; bytes: Buffer }
  | { outcome: 'still-refused' | 'unreadable'; reason: string; bytes?: never };

async function check(
  { keys, publicKeys }: QuarantineDeps,
  { signature, body: sealed }: { signature: string | null; body: Buffer },
): Promise<Checked> {
  let bytes: Buffer;
  try {
    bytes = unseal(keys, sealed, REFUSED_BODY);
  } catch (error) {
    if (!(error instanceof UnsealError) && !(error instanceof UnknownKeyVersionError)) throw error;
    return { outcome: 'unreadable', reason: error.code };
  }
  const { valid, reason } = await verifyGhlSignature(bytes, signature ?? undefined, publicKeys);
  return valid ? { outcome: 'valid', reason, bytes } : { outcome: 'still-refused', reason };
}
