import { join } from 'node:path';
import { runDemo } from './demo/demo.ts';
import {
  prepareDatabase,
  requireServicePorts,
  saveEnvironment,
  startApi,
  startSimulatorProcess,
  startWorker,
  type Surroundings,
} from './stack/application.ts';
import { InterruptedError, watchForInterrupt } from './stack/interrupt.ts';
import { acquireLock } from './stack/lock.ts';
import { createParts, type Parts } from './stack/parts.ts';
import { startPostgres } from './stack/postgres.ts';
import { endLeftovers } from './stack/process-record.ts';
import { readOrMakeSecrets } from './stack/secrets.ts';
import { readSettings, type Settings, USAGE } from './stack/settings.ts';
import { makeSignInLink, SIGN_IN_LINK_MINUTES } from './stack/sign-in-link.ts';
import { BEHIND_API, SEARCH_ATTRIBUTES, startTemporal, type Temporal, useTemporal } from './stack/temporal.ts';

const root = join(import.meta.dirname, '..');
const startedAt = Date.now();
const ANOTHER_LINK = 'npm run cli -- operators sign-in-link --name <you>';
const log = (line: string): void =>
  console.log(`[${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s] ${line}`);

async function startDatabase(settings: Settings, parts: Parts): Promise<string> {
  if (settings.databaseUrl !== undefined) return settings.databaseUrl;
  const dataDir = join(settings.dataDir, 'postgres');
  const begin = () => startPostgres({ dataDir, port: settings.ports.postgres, log });
  return (await parts.start('Postgres', begin)).ownerUrl;
}

function startWorkflowServer(settings: Settings, parts: Parts): Promise<Temporal> {
  const { dataDir, namespace, ports, temporalAddress } = settings;
  const common = { dataDir, namespace, searchAttributes: SEARCH_ATTRIBUTES, behindApi: BEHIND_API, log };
  const options = { ...common, port: ports.temporal, uiPort: ports.temporalUi };
  if (temporalAddress !== undefined) return useTemporal(temporalAddress, { ...options, uiUrl: settings.temporalUiUrl });
  return parts.start('Temporal', () => startTemporal(options));
}

/** One line for the Web UI, or two: in a stack that stops by itself nobody has the time to open a link. */
async function describeWebUi(settings: Settings, around: Surroundings, apiUrl: string): Promise<string[][]> {
  const name = 'Temporal Web UI';
  if (around.temporalUiUrl === undefined) return [[name, '(none is known: TEMPORAL_UI_URL)']];
  if (settings.once) return [[name, `${apiUrl}/temporal`]];
  const link = await makeSignInLink(around.databaseUrl, apiUrl);
  return [
    [name, link],
    ['', `(opens once, within ${SIGN_IN_LINK_MINUTES} minutes; another: ${ANOTHER_LINK})`],
  ];
}

async function showAddresses(settings: Settings, around: Surroundings, apiUrl: string): Promise<void> {
  const lines = [
    ['API', apiUrl],
    ...(await describeWebUi(settings, around, apiUrl)),
    ['Temporal', around.temporalAddress],
    ['GHL simulator', around.simulator.url],
    ['Logs', join(settings.dataDir, 'logs')],
  ];
  console.log(`\n${lines.map(([name, address]) => `  ${name!.padEnd(16)} ${address}`).join('\n')}\n`);
}

/** Brings everything up and runs the demonstration. Returns whether that went well. */
async function bringUp(settings: Settings, parts: Parts): Promise<boolean> {
  const { dataDir, namespace } = settings;
  await endLeftovers(join(dataDir, 'run'), log);
  await requireServicePorts(settings);
  const secrets = await readOrMakeSecrets(dataDir);
  const [{ ownerUrl, databaseUrl }, temporal] = await Promise.all([
    startDatabase(settings, parts).then(async (url) => ({
      ownerUrl: url,
      databaseUrl: await prepareDatabase(url, secrets.databasePassword, log),
    })),
    startWorkflowServer(settings, parts),
  ]);
  const simulator = await parts.start('Simulator', () => startSimulatorProcess(settings, secrets, log));
  const { address: temporalAddress, uiUrl: temporalUiUrl } = temporal;
  const around: Surroundings = { databaseUrl, temporalAddress, temporalUiUrl, simulator };
  await saveEnvironment(settings, secrets, around, ownerUrl);
  await parts.start('Worker', () => startWorker(settings, secrets, around, log));
  await parts.start('API', () => startApi(settings, secrets, around, log));
  const apiUrl = `http://127.0.0.1:${settings.ports.api}`;
  const context = {
    ...around,
    apiUrl,
    ownerUrl,
    namespace,
    secrets,
    dataDir,
    once: settings.once,
    log,
  };
  const { ok } = settings.demo ? await runDemo(context) : { ok: true };
  await showAddresses(settings, around, apiUrl);
  return ok;
}

/** Errors of our own say in their message what to do; of others the place is wanted as well. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  const isOurs = 'code' in error && error.name.endsWith('Error') && error.name !== 'Error';
  return isOurs ? error.message : (error.stack ?? error.message);
}

async function run(settings: Settings): Promise<number> {
  const interrupted = watchForInterrupt(log, process.env['npm_lifecycle_event'] !== undefined);
  const parts = createParts(log);
  const release = await acquireLock(join(settings.dataDir, 'lock'));
  let up = false;
  let exitCode = 0;
  try {
    const ok = await Promise.race([bringUp(settings, parts), interrupted, parts.failed]);
    up = true;
    exitCode = ok ? 0 : 1;
    if (!settings.once) {
      log('everything is running; Ctrl-C stops it');
      await Promise.race([interrupted, parts.failed]);
    }
  } catch (error) {
    if (error instanceof InterruptedError) exitCode = up ? exitCode : 130;
    else {
      console.error(`\n${describe(error)}\n`);
      exitCode = 1;
    }
  }
  const troubled = await parts.stopAll();
  if (troubled.length > 0) log(`had to be stopped by force: ${troubled.join(', ')}`);
  await release();
  log('stopped');
  return exitCode;
}

try {
  const settings = readSettings(process.argv.slice(2), process.env, root);
  if (settings.help) console.log(USAGE);
  process.exitCode = settings.help ? 0 : await run(settings);
} catch (error) {
  console.error(describe(error));
  process.exitCode = 1;
}
// What is still going on (a download, a connection) is of no use any more.
process.exit();
