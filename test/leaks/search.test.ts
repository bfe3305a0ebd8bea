import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, type PayloadCodec } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { GhlInvalidError } from '../../ghl/errors.ts';
import { createTestNamespace } from '../stack/namespace.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitFor } from '../stack/wait.ts';
import { type Evidence, openEvidence, type TextKind } from './evidence.ts';
import { hearingErrors } from './hear-errors.ts';
import { hearHistories } from './hear-histories.ts';
import { hearHttp } from './hear-http.ts';
import { readProductSources } from './product-sources.ts';
import { describeSearch } from './report.ts';
import { searchEvidence } from './search.ts';

/** Nobody else uses it: a copy of it in the suite's own evidence is no finding. */
const PHONE = '+12125550191';
const AGENCY_ID = defineSearchAttributeKey('AgencyId', 'KEYWORD');

let folder: string;
let evidence: Evidence;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-leaks-'));
  evidence = openEvidence(folder);
  evidence.file = 'test/planted.test.ts';
  evidence.use([{ kind: 'phone', value: PHONE }]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sources = readProductSources();

function search(isWhole = false): { isClean: boolean; said: string } {
  evidence.flush();
  const { lines, isClean } = describeSearch(searchEvidence(folder, sources), isWhole);
  return { isClean, said: lines.join('\n') };
}

/** The search fails, and says what and where without saying the value. */
function expectFound(kind: TextKind, file = 'test/planted.test.ts'): void {
  const { isClean, said } = search();
  expect(isClean).toBe(false);
  expect(said).toMatch(/: phone #[0-9a-f]{8} in a /);
  expect(said).toContain(`${file}: phone`);
  expect(said).toContain(`in a ${kind}`);
  expect(said.replaceAll(/[^0-9]/g, '')).not.toContain(PHONE.slice(2));
}

describe('the search for what may not be said', () => {
  it('finds nothing where nothing was said', () => {
    createTestLogger(undefined, evidence).info({ leadId: randomUUID() }, 'all is well');
    const { isClean, said } = search();
    expect(said).toContain('looked for 0 × token, 3 × phone');
    expect(said).toContain('1 × log line');
    expect(isClean).toBe(true);
  });

  it('ends with 1 as a step of npm test when it finds something, and with 0 when not', async () => {
    const script = join(import.meta.dirname, 'main.ts');
    const end = (): Promise<number> =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, ['--import', 'tsx', script, folder], () => resolve(child.exitCode!));
      });
    evidence.flush();
    expect(await end()).toBe(0);
    createTestLogger(undefined, evidence).info(`tel:${PHONE}`);
    evidence.flush();
    expect(await end()).toBe(1);
  });

  it.each(['trace', 'error'] as const)('finds a phone in a log line of level %s', (level) => {
    createTestLogger(undefined, evidence)[level]({ lead: { called: `tel:${PHONE}` } }, 'somebody called');
    expectFound('log line');
  });

  it('finds a phone in the cause of an error', async () => {
    const cause = new Error('no contact has (212) 555-0191');
    const failing = async (): Promise<never> => {
      throw Object.assign(new GhlInvalidError({ operation: 'createContact', reason: 'x', fields: [] }), { cause });
    };
    await expect(hearingErrors(evidence, 'createContact', failing)).rejects.toThrow(GhlInvalidError);
    expectFound('failure');
  });

  it.each([
    ['error answer', 'application/problem+json', '/v1/leads'],
    ['metrics', 'text/plain', '/metrics'],
  ] as const)('finds a phone that was used over HTTP in: %s', async (kind, type, path) => {
    const email = `${randomUUID()}@x.test`;
    const stopHearing = hearHttp(evidence);
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(400, { 'content-type': type });
        response.write(JSON.stringify({ detail: `${email} has `, and: PHONE }));
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const headers = { 'content-type': 'application/json' };
    await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ email }) })).text();
    stopHearing();
    server.close();
    server.closeAllConnections();
    expectFound(kind);
    expect(search().said).toMatch(/e-mail #/);
  });

  it('takes no word of the product’s own sources for a value', () => {
    evidence.use([
      { kind: 'name', value: 'Master' },
      { kind: 'name', value: 'Mastersson' },
    ]);
    evidence.say('log line', '', 'a lead of the master');
    expect(search().isClean).toBe(true);
    evidence.say('log line', '', 'a lead of Mastersson');
    expect(search().said).toContain('a lead of ••••••••••');
  });

  it('does not take a search that searched nothing for a clean one', () => {
    const { isClean, said } = search(true);
    expect(isClean).toBe(false);
    expect(said).toContain('nothing of this kind was gathered, so the search proves nothing: history');
  });
});

describe('the search of Temporal’s histories', () => {
  const address = (): string => inject('temporalAddress');
  /** Starts a workflow that no worker takes, ends it, and keeps what the server has of it. */
  const hear = async (options: object, codec?: PayloadCodec): Promise<void> => {
    const namespace = await createTestNamespace(address());
    const connection = await Connection.connect({ address: address() });
    const client = new Client({ connection, namespace, dataConverter: { payloadCodecs: codec ? [codec] : [] } });
    const handle = await client.workflow.start('planted', {
      taskQueue: 'nobody',
      workflowId: randomUUID(),
      args: [],
      ...options,
    });
    await handle.terminate('reason' in options ? String(options.reason) : undefined);
    await waitFor('the end to be listed', async () => {
      const { count } = await client.workflow.count("ExecutionStatus = 'Terminated'");
      return count === 1;
    });
    await connection.close();
    expect(await hearHistories(address(), evidence, [namespace])).toBe(1);
  };

  it.each([
    ['a workflow id', { workflowId: `lead/${PHONE}` }],
    ['the name of a queue', { taskQueue: `queue-of-${PHONE}` }],
    ['a fairness key', { priority: { fairnessKey: PHONE } }],
    ['a search attribute', { typedSearchAttributes: [{ key: AGENCY_ID, value: PHONE }] }],
    ['the reason of an end', { reason: `they called from ${PHONE}` }],
    ['an argument that is not sealed', { args: [{ phone: PHONE }] }],
    ['a summary that is not sealed', { staticSummary: `lead of ${PHONE}` }],
  ])('finds a phone in %s', async (_where, options) => {
    await hear(options);
    expectFound('history', 'test/leaks/search.test.ts');
  });

  it('finds none in what is sealed', async () => {
    const codec = createPayloadCodec(parseKeyRing(`1:${randomBytes(32).toString('base64')}`));
    await hear({ args: [{ phone: PHONE }], memo: { phone: PHONE }, staticSummary: `lead of ${PHONE}` }, codec);
    const { isClean, said } = search();
    expect(said).toMatch(/[1-9]\d* × history/);
    expect(isClean).toBe(true);
  });
});
