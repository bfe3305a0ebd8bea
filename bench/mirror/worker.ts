import { loadClientConnectConfig } from '@temporalio/envconfig';
import { completeSecrets, ConfigError, ghlAppsOf, readConfig } from '../../config.ts';
import { runWorkerProcess } from '../../worker/process.ts';
import { scaleTime } from './time-scale.ts';

/** The worker as it is in production, but for how fast time passes: `TIME_SCALE` times as fast. */
async function run(): Promise<void> {
  const environment = completeSecrets(process.env);
  const config = readConfig(environment);
  const { polling, breaker } = scaleTime(Number(process.env['TIME_SCALE']));
  const codePath = config.WORKFLOW_BUNDLE_PATH ?? '';
  const ghl = { app: ghlAppsOf(config).locations, breaker };
  const { connectionOptions: temporal } = loadClientConnectConfig({ overrideEnvVars: environment });
  await runWorkerProcess(config, { ghl, temporal, polling, findBundle: () => Promise.resolve({ codePath }) });
}

process.exit(
  await run().then(
    () => 0,
    (error: unknown) => {
      console.error(error instanceof ConfigError ? error.message : error);
      return 1;
    },
  ),
);
