import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import {
  completeSecrets,
  type Config,
  ConfigError,
  ghlAppsOf,
  mailOf,
  outboundRulesOf,
  readConfig,
  workerVersionOf,
} from './config.ts';
import { runWorkerProcess } from './worker/process.ts';
import { WORKFLOW_SOURCES } from './worker/workflow-code.ts';

async function run(): Promise<void> {
  const environment = completeSecrets(process.env);
  const config = readConfig(environment);
  const apps = ghlAppsOf(config);
  const ghl = { app: apps.locations, provisioningApp: apps.provisioning };
  const { connectionOptions: temporal } = loadClientConnectConfig({ overrideEnvVars: environment });
  await runWorkerProcess(config, {
    ghl,
    mail: mailOf(config),
    temporal,
    version: workerVersionOf(config),
    outboundRules: outboundRulesOf(config),
    findBundle: () => findBundle(config),
  });
}

/** A build has its bundle beside it; from the sources it is made here. */
async function findBundle(config: Config): Promise<WorkflowBundleOption> {
  if (config.WORKFLOW_BUNDLE_PATH !== undefined) return { codePath: config.WORKFLOW_BUNDLE_PATH };
  if (import.meta.url.endsWith('.js'))
    return { codePath: fileURLToPath(new URL('./workflow-bundle.js', import.meta.url)) };
  return bundleWorkflowCode({ ...WORKFLOW_SOURCES, logger: new DefaultLogger('WARN') });
}

/** Everything is closed by then, but a try to reach Temporal that was given up would keep the process. */
process.exit(
  await run().then(
    () => 0,
    (error: unknown) => {
      console.error(error instanceof ConfigError ? error.message : error);
      return 1;
    },
  ),
);
