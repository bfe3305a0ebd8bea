import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { makeSignInLink } from '../../scripts/stack/sign-in-link.ts';
import { resolveTemporalBinary } from '../../scripts/stack/temporal-binary.ts';
import { type CliRunner, createCliRunner } from '../cli/harness.ts';
import { findChromium, launchBrowser } from '../stack/browser.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}
interface HistoryEvent {
  userMetadata?: { summary: JsonPayload };
  workflowExecutionStartedEventAttributes?: { input: { payloads: JsonPayload[] } };
}

// A server that somebody else runs may have no Web UI: TEMPORAL_UI_URL names it.
const hasWebUi = inject('temporalUiUrl') !== '';
const chromium = await findChromium();

let system: LiveSystem;
let cli: CliRunner;
let agency: PlantedAgency;
let leads: LeadHarness;
let leadId: string;
let workflowId: string;
let workflowPath: string;
/** What a browser keeps: the session and the Web UI's own cookie against forged requests. */
const cookies = new Map<string, string>();

async function browse(path: string, init: { method?: string; body?: unknown } = {}): Promise<Response> {
  const headers: Record<string, string> = { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') };
  if (init.body !== undefined) {
    Object.assign(headers, { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' });
    Object.assign(headers, { 'x-namespace': system.namespace, 'x-csrf-token': cookies.get('_csrf') ?? '' });
    headers['referer'] = `${system.apiUrl}/temporal${workflowPath}/run/history`;
  }
  const answer = await fetch(`${system.apiUrl}${path}`, {
    method: init.body === undefined ? 'GET' : 'POST',
    redirect: 'manual',
    headers,
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
  for (const cookie of answer.headers.getSetCookie()) {
    const [name, value] = cookie.split(';')[0]!.split('=') as [string, string];
    cookies.set(name, value);
  }
  return answer;
}

const json = async <T>(answer: Response): Promise<T> => {
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
};
async function decode(payloads: JsonPayload[]): Promise<unknown[]> {
  const opened = await json<{ payloads: JsonPayload[] }>(await browse('/codec/decode', { body: { payloads } }));
  return opened.payloads.map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown);
}

beforeAll(async () => {
  system = await startLiveSystem();
  agency = await system.plant(smallAgency('one'), system.webhookUrl);
  leads = createLeadHarness(system, agency);
  cli = await createCliRunner({
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    API_PUBLIC_URL: system.apiUrl,
  });
  leadId = await leads.start(somebody('02116'));
  await leads.inState(leadId, 'assigned');
  workflowId = `lead-intake/${leads.agencyId}/${leadId}`;
  workflowPath = `/namespaces/${system.namespace}/workflows/${encodeURIComponent(workflowId)}`;
});
afterAll(async () => {
  await cli.close();
  await system.stop();
});

describe.skipIf(!hasWebUi)('the Web UI through the API', () => {
  it('opens by the link that the CLI makes, with all that its page loads', async () => {
    const { url } = await cli.json<{ url: string }>(['operators', 'sign-in-link', '--name', 'Ann']);
    expect((await browse(`/temporal${workflowPath}`)).status).toBe(401);
    expect((await browse(new URL(url).pathname)).status).toBe(200);
    const opened = await browse(new URL(url).pathname, { body: {} });
    expect(opened.status).toBe(303);
    const list = opened.headers.get('location')!;
    expect(list).toBe(`/temporal/namespaces/${system.namespace}/workflows`);
    const page = await browse(list);
    expect(page.status).toBe(200);
    const script = /href="(\/temporal\/_app\/[^"]+\.js)"/.exec(await page.text())![1]!;
    expect((await browse(script)).headers.get('content-type')).toContain('javascript');
    const settings = await json<{ Codec: { Endpoint: string } }>(await browse('/temporal/api/v1/settings'));
    expect(settings.Codec.Endpoint).toBe('/codec');
  });

  it('shows input, summary and current details of a workflow by the codec, which are sealed without it', async () => {
    const history = await (await browse(`/temporal/api/v1${workflowPath}/history`)).text();
    expect(history).not.toContain(Buffer.from('Lead by').toString('base64'));
    const { events } = (JSON.parse(history) as { history: { events: HistoryEvent[] } }).history;
    const started = events[0]!;
    const [input] = await decode(started.workflowExecutionStartedEventAttributes!.input.payloads);
    expect(input).toMatchObject({ agencyId: leads.agencyId, leadId });
    expect(await decode([started.userMetadata!.summary])).toEqual(['Lead by api']);

    const query = { query: { queryType: '__temporal_workflow_metadata' } };
    const asked = await browse(`/temporal/api/v1${workflowPath}/query/__temporal_workflow_metadata`, { body: query });
    const { queryResult } = await json<{ queryResult: { payloads: JsonPayload[] } }>(asked);
    expect(Buffer.from(queryResult.payloads[0]!.data, 'base64').toString()).not.toContain('assigned');
    const [metadata] = (await decode(queryResult.payloads)) as [{ currentDetails: string }];
    expect(metadata.currentDetails).toContain('**assigned**');
    const drawn = await browse(`/temporal/render?content=${encodeURIComponent(metadata.currentDetails)}`);
    expect(await drawn.text()).toContain('<strong>assigned</strong>');
  });

  it('sends a signal, sealed, that the workflow obeys, and that is noted', async () => {
    const { rep_id: before } = (await leads.get(leadId))!;
    const other = before === leads.rep('ann') ? 'bob' : 'ann';
    const value = Buffer.from(JSON.stringify({ repId: leads.rep(other) })).toString('base64');
    const plain = { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: value };
    const sealed = await json<object>(await browse('/codec/encode', { body: { payloads: [plain] } }));
    const signal = { signalName: 'reassignLead', input: sealed };
    const sent = await browse(`/temporal/api/v1${workflowPath}/signal/reassignLead`, { body: signal });
    expect(sent.status).toBe(200);
    await leads.withRep(leadId, other);
    const acts = await cli.json<{ action: string; subject: string; after: object }[]>(['operators', 'audit']);
    expect(acts.filter(({ action }) => action === 'web-ui.change')[0]).toMatchObject({
      subject: `workflow:${workflowId}`,
      after: { method: 'POST' },
    });
    expect(acts.filter(({ action, subject }) => action === 'codec.decode' && subject.endsWith(workflowId))).not.toEqual(
      [],
    );
  });
});

// CHROMIUM_PATH names a browser that is not on PATH.
describe.skipIf(!hasWebUi || chromium === undefined)('a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser(chromium!);
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('is kept out without a session, and reads a workflow’s input after the link that `npm start` prints', async () => {
    const page = await browser.newPage({ baseURL: system.apiUrl });
    expect((await page.goto(`/temporal${workflowPath}`))?.status()).toBe(401);
    await page.goto(await makeSignInLink(system.database.url, system.apiUrl));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/temporal/**');
    await page.goto(`/temporal${workflowPath}`);
    const shown = page.getByTestId('input-and-result');
    await shown.getByText(`"${leadId}"`).waitFor();
    expect(await shown.innerText()).toContain(`"agencyId": "${leads.agencyId}"`);
    expect(await page.getByTestId('data-encoder-status-success').count()).toBe(1);
    const acts = await cli.json<{ actor: string; action: string; subject: string }[]>(['operators', 'audit']);
    expect(acts).toContainEqual(
      expect.objectContaining({
        actor: `operator:${userInfo().username}`,
        action: 'codec.decode',
        subject: `workflow:${workflowId}`,
      }),
    );
  });
});

describe('Temporal’s CLI', () => {
  it('reads a workflow with an operator’s token, and not with an agency’s key', async () => {
    const program = await resolveTemporalBinary(() => {});
    const { token, codecEndpoint } = await cli.json<{ token: string; codecEndpoint: string }>([
      'operators',
      'token',
      '--name',
      'Ann',
    ]);
    const run = async (command: string[], authorization: string): Promise<string> => {
      const where = ['--address', system.temporalAddress, '--namespace', system.namespace, '--workflow-id', workflowId];
      const codec = ['--codec-endpoint', codecEndpoint, '--codec-auth', authorization];
      const ran = promisify(execFile)(program, ['workflow', ...command, ...where, ...codec]);
      const { stdout } = await ran.catch((error: { stdout: string; stderr: string }) => error);
      return stdout;
    };
    expect(await run(['describe'], `Bearer ${token}`)).toContain('"Lead by api"');
    const shown = await run(['show', '--detailed'], `Bearer ${token}`);
    expect(shown).toContain(`input[0].leadId: ${leadId}`);
    expect(shown).toContain('userMetadata.summary: Lead by api');
    // It asks again and again for as long as it may.
    const refused = await run(
      ['describe', '--command-timeout', '2s'],
      `Bearer ${await system.makeKey(leads.agencyId, 'agency')}`,
    );
    expect(refused).not.toContain('Lead by api');
  });
});
