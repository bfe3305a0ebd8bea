import { ConfigError, ghlAppsOf, readConfig } from '../../config.ts';
import { runWorkerProcess } from '../../worker/process.ts';
import { scaleTime } from './time-scale.ts';

/** The worker as it is in production, but for how fast time passes: `TIME_SCALE` times as fast. */
async function run(): Promise<void> {
  const config = readConfig(process.env);
  const { polling, breaker } = scaleTime(Number(process.env['TIME_SCALE']));
  const codePath = config.WORKFLOW_BUNDLE_PATH ?? '';
  const ghl = { app: ghlAppsOf(config).locations, breaker };
  await runWorkerProcess(config, { ghl, polling, findBundle: () => Promise.resolve({ codePath }) });
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
