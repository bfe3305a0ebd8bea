import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { inject } from 'vitest';
import { createService } from '../../api/service.ts';
import { createApiKey } from '../../crypto/api-key.ts';
import { createApiKey as storeApiKey } from '../../db/api-keys.ts';
import type { ApiKeyRole } from '../../db/schema/tenants.ts';
import { withScope } from '../../db/scope.ts';
import type { GhlDoor } from '../../domain/authorize-url.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import {
  startTestSystem,
  TEST_APP,
  TEST_PROVISIONING_APP,
  type TestSystem,
  type TestSystemOptions,
} from '../stack/system.ts';
import { CONNECT_TIMEOUT_MS } from '../stack/database.ts';
import { createTestLogger } from '../stack/test-logger.ts';

/** The system with its API and workers in this process: webhooks of the simulator reach it over HTTP. */
export interface LiveSystem extends TestSystem {
  apiUrl: string;
  webhookUrl: string;
  /** Posts a delivery as GHL would, signed by a second valid key. */
  deliver(event: Record<string, unknown>): Promise<number>;
  /** Makes a key and returns it as a caller sends it. */
  makeKey(agencyId: string, role: ApiKeyRole, locationId?: string): Promise<string>;
  ask(
    method: string,
    path: string,
    key: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

export async function startLiveSystem(
  options: Pick<TestSystemOptions, 'keys' | 'polling' | 'mail' | 'gatherMs' | 'webhooks'> = {},
): Promise<LiveSystem> {
  const system = await startTestSystem(options);
  const logger = createTestLogger();
  const second = generateKeyPairSync('ed25519');
  const ghlDoor: GhlDoor = {
    authorizeUrl: `${system.simulatorUrl}/v2/oauth/chooselocation`,
    redirectUri: '',
    apps: {
      locations: { clientId: TEST_APP.clientId, versionId: 'version-1' },
      provisioning: { clientId: TEST_PROVISIONING_APP.clientId, versionId: null },
    },
  };
  const service = createService({
    db: system.database.db,
    keys: system.keys,
    client: system.client,
    publicKeys: [createPublicKey(system.webhookKeyPem), second.publicKey],
    door: {
      publicUrl: 'http://127.0.0.1',
      namespace: system.namespace,
      webUiUrl: inject('temporalUiUrl') || undefined,
    },
    ghlDoor,
    sendsMail: options.mail !== undefined,
    ...(options.webhooks?.outboundRules && { outboundRules: options.webhooks.outboundRules }),
    logger,
    relayPollMs: 200,
    gatherMs: 500,
    intakeWaitMs: CONNECT_TIMEOUT_MS,
  });
  const server = createServer(service.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.start();
  await system.startWorkers();
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ghlDoor.redirectUri = `${apiUrl}/oauth/ghl/callback`;
  return {
    ...system,
    apiUrl,
    webhookUrl: `${apiUrl}/webhooks/ghl`,
    async deliver(event) {
      const body = Buffer.from(JSON.stringify(event));
      const signature = sign(null, body, second.privateKey).toString('base64');
      const headers = { 'content-type': 'application/json', 'x-ghl-signature': signature };
      return (await fetch(`${apiUrl}/webhooks/ghl`, { method: 'POST', headers, body })).status;
    },
    async makeKey(agencyId, role, locationId) {
      const { key, hash } = createApiKey();
      const stored = {
        id: uuidv7(),
        agencyId,
        locationId: locationId ?? null,
        role,
        name: 'test',
        hash,
        expiresAt: null,
      };
      await withScope(system.database.db, { agencyId }, (tx) => storeApiKey(tx, stored));
      return key;
    },
    async ask(method, path, key, body, headers = {}) {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async stop() {
      await service.stop();
      suiteEvidence.say('metrics', 'registry', await service.metrics.registry.metrics());
      server.close();
      server.closeAllConnections();
      await system.stop();
    },
  };
}
