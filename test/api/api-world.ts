import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { v7 as uuidv7 } from 'uuid';
import { createService, type Service, type ServiceOptions } from '../../api/service.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { listKeys } from '../leaks/used-values.ts';
import { CONNECT_TIMEOUT_MS, createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { addAgency, type TestAgency } from './agency.ts';
import { FakeClient } from './fake-client.ts';

const signing = generateKeyPairSync('ed25519');

export const signatureOf = (body: Buffer): string => sign(null, body, signing.privateKey).toString('base64');
export const keyRing = parseKeyRing(`1:${randomBytes(32).toString('base64')}`);

export interface ApiWorld extends TestDatabase {
  client: FakeClient;
  service: Service;
  agency: TestAgency;
  /** Another tenant on the same system. */
  neighbour: TestAgency;
  logLines: string[];
  server: Server;
  http: ReturnType<typeof request>;
  /** Signs and delivers an event of the agency's master. */
  deliver: (event: Record<string, unknown>) => request.Test;
  deliverRaw: (body: Buffer | string, headers?: Record<string, string>) => request.Test;
  close(): Promise<void>;
}

/** The API over a real database of its own, with a pretended Temporal; the relay looks often. */
export async function createApiWorld(
  options: Partial<ServiceOptions> = {},
  createDatabase: () => Promise<TestDatabase> = createTestDatabase,
): Promise<ApiWorld> {
  const database = await createDatabase();
  const agency = await addAgency(database.ownerDb, 'Agency');
  const neighbour = await addAgency(database.ownerDb, 'Neighbour');
  const client = new FakeClient();
  const logLines: string[] = [];
  const logger = createTestLogger((line) => void logLines.push(line));
  suiteEvidence.use(listKeys(keyRing));
  const publicKeys = [signing.publicKey];
  const common = { db: database.db, keys: keyRing, client, publicKeys, logger, relayPollMs: 50 };
  const intakeWaitMs = CONNECT_TIMEOUT_MS;
  const service = createService({ ...common, intakeWaitMs, ...options });
  const server = createServer(service.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.start();
  const http = request(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const deliverRaw: ApiWorld['deliverRaw'] = (body, headers) => {
    const bytes = Buffer.from(body);
    return http
      .post('/webhooks/ghl')
      .set({ 'content-type': 'application/json', 'x-ghl-signature': signatureOf(bytes), ...headers })
      .serialize((sent: unknown) => sent as string)
      .send(bytes);
  };
  return {
    ...database,
    client,
    service,
    agency,
    neighbour,
    logLines,
    server,
    http,
    deliverRaw,
    deliver: (event) => deliverRaw(JSON.stringify({ locationId: agency.master.ghlId, ...event })),
    async close() {
      await service.stop();
      suiteEvidence.say('metrics', 'registry', await service.metrics.registry.metrics());
      server.closeAllConnections();
      server.close();
      await database.drop();
    },
  };
}

/** A contact made in the master account just now. */
export const contactCreate = (more: Record<string, unknown> = {}): Record<string, unknown> & { id: string } => ({
  type: 'ContactCreate',
  id: `contact-${uuidv7()}`,
  webhookId: randomUUID(),
  timestamp: new Date().toISOString(),
  dateAdded: new Date().toISOString(),
  firstName: 'Annabeth',
  lastName: 'Zyndram',
  email: 'ann@example.com',
  phone: '+14155550123',
  postalCode: '94107',
  ...more,
});
