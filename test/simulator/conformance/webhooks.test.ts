import { once } from 'node:events';
import type { Server } from 'node:http';
import type { WebhookRequest } from '@gohighlevel/api-client';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientId, clientSecret, company, one, two } from '../harness.ts';
import { waitToPass } from '../../stack/wait.ts';
import { createSdk, startVendor } from './client.ts';
import type { Vendor } from './client.ts';

interface Seen {
  type: unknown;
  isValid: unknown;
  skipped: unknown;
}

let vendor: Vendor;
let server: Server;
let seen: Seen[];
beforeEach(async () => {
  vendor = await startVendor();
  const { publicKeyPem } = await vendor.harness.control.getWebhooks();
  const { storage } = vendor;
  const sdk = createSdk(vendor.harness.simulator.url, {
    clientId,
    clientSecret,
    sessionStorage: storage,
    webhookPublicKey: publicKeyPem,
  });
  seen = [];
  const app = express();
  app.use(express.raw({ type: 'application/json' }));
  app.post('/hook', sdk.webhooks.subscribe() as express.RequestHandler, (req, res) => {
    const { type } = JSON.parse((req.body as Buffer).toString()) as { type: unknown };
    const flags = req as WebhookRequest;
    seen.push({ type, isValid: flags.isSignatureValid, skipped: flags.skippedSignatureVerification });
    res.sendStatus(200);
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await vendor.harness.control.setWebhooks({ url: `http://127.0.0.1:${port}/hook`, concurrency: 1 });
});
afterEach(async () => {
  await vendor.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});

const send = (): Promise<unknown> =>
  vendor.harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one, body: { id: 'c' } });
const arrived = (count: number): Promise<void> =>
  waitToPass(() => {
    expect(seen.length).toBe(count);
  });

describe('the vendor’s webhook middleware', () => {
  it('finds the signature good, a stranger’s bad, and none missing', async () => {
    await send();
    await arrived(1);
    await vendor.harness.control.setWebhooks({ signature: 'wrong' });
    await send();
    await arrived(2);
    await vendor.harness.control.setWebhooks({ signature: 'missing' });
    await send();
    await arrived(3);
    expect(seen).toEqual([
      { type: 'ContactUpdate', isValid: true, skipped: false },
      { type: 'ContactUpdate', isValid: false, skipped: false },
      { type: 'ContactUpdate', isValid: false, skipped: true },
    ]);
  });

  it('verifies the raw bytes and the retired RSA signature by its helpers', async () => {
    const { legacyPublicKeyPem, publicKeyPem } = await vendor.harness.control.setWebhooks({
      legacySignature: 'beside',
    });
    const { webhooks } = vendor.sdk;
    const received: { raw: Buffer; ed25519: string; rsa: string }[] = [];
    const app = express();
    app.post('/hook', express.raw({ type: '*/*' }), (req, res) => {
      const [ed25519 = '', rsa = ''] = [req.header('x-ghl-signature'), req.header('x-wh-signature')];
      received.push({ raw: req.body as Buffer, ed25519, rsa });
      res.sendStatus(200);
    });
    const own = app.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const address = own.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await vendor.harness.control.setWebhooks({ url: `http://127.0.0.1:${port}/hook` });
    await send();
    await waitToPass(() => {
      expect(received.length).toBe(1);
    });
    own.closeAllConnections();
    own.close();
    const [{ raw, ed25519, rsa } = { raw: Buffer.alloc(0), ed25519: '', rsa: '' }] = received;
    expect(webhooks.verifyEd25519Signature(raw, ed25519, publicKeyPem)).toBe(true);
    expect(webhooks.verifyEd25519Signature(`${raw.toString()} `, ed25519, publicKeyPem)).toBe(false);
    expect(webhooks.verifySignature(raw.toString(), rsa, legacyPublicKeyPem ?? '')).toBe(true);
  });

  it('mints a location token on INSTALL and forgets it on UNINSTALL', async () => {
    const { storage, harness } = vendor;
    expect(await storage.getSession(two)).toBeNull();
    await harness.control.install({ locationId: two });
    await arrived(1);
    const minted = await storage.getAccessToken(two);
    expect((await harness.ask('GET', `/locations/${two}`, { token: minted })).status).toBe(200);
    await harness.control.uninstall({ locationId: two });
    await arrived(2);
    expect(await storage.getSession(two)).toBeNull();
    expect(await storage.getSession(company)).not.toBeNull();
    expect(seen.map(({ type, isValid }) => [type, isValid])).toEqual([
      ['INSTALL', true],
      ['UNINSTALL', true],
    ]);
  });
});
