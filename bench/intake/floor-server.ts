import { createPublicKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { verifyGhlSignature } from '../../ghl/webhooks.ts';

export interface FloorServerTask {
  databaseUrl: string;
  publicKeyPem: string;
}

/** What it says once it listens. */
export interface FloorServerGreeting {
  url: string;
}

/** As many as the API has by default. */
const POOL_SIZE = 10;
const BODY_LIMIT_BYTES = 256 * 1_024;

/** The least that can be called taking a webhook in: an Express route that verifies and inserts, and nothing else. */
process.once('message', ({ databaseUrl, publicKeyPem }: FloorServerTask) => {
  const keys = [createPublicKey(publicKeyPem)];
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  const app = express();
  app.post('/webhooks/ghl', express.raw({ type: () => true, limit: BODY_LIMIT_BYTES }), async (req, res) => {
    const body = req.body as Buffer;
    if (!(await verifyGhlSignature(body, req.get('x-ghl-signature'), keys)).valid) {
      res.status(401).end();
      return;
    }
    const { webhookId } = JSON.parse(body.toString()) as { webhookId: string };
    const { rowCount } = await pool.query(
      'insert into bench_floor (event_id, body) values ($1, $2) on conflict do nothing',
      [webhookId, body],
    );
    res.json({ outcome: rowCount === 1 ? 'taken' : 'repeat' });
  });
  const server = app.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send!({ url: `http://127.0.0.1:${port}` } satisfies FloorServerGreeting);
  });
  process.once('disconnect', () => process.exit());
});
