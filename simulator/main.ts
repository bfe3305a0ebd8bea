import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { parseScenario } from './scenario/scenario.ts';
import type { Scenario } from './scenario/scenario.ts';
import { startSimulator } from './simulator.ts';

const usage = 'Usage: npm run simulator -- [--scenario file.json]';

const environment = z
  .object({
    SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
    SIMULATOR_SNAPSHOT: z.string().min(1).optional(),
    SIMULATOR_SEED: z.string().min(1).optional(),
  })
  .parse(process.env);

function giveUp(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

async function readScenario(): Promise<Scenario | undefined> {
  try {
    const { values } = parseArgs({ options: { scenario: { type: 'string' } } });
    return values.scenario === undefined ? undefined : parseScenario(await readFile(values.scenario, 'utf8'));
  } catch (error) {
    return giveUp(`${error instanceof Error ? error.message : 'unreadable arguments'}\n${usage}`);
  }
}

const scenario = await readScenario();
const { SIMULATOR_PORT: port, SIMULATOR_SNAPSHOT: snapshotPath, SIMULATOR_SEED: seed } = environment;
const simulator = await startSimulator({
  port,
  ...(snapshotPath ? { snapshotPath } : {}),
  ...(seed ? { seed } : {}),
  ...(scenario ? { scenario } : {}),
});
process.stdout.write(`${JSON.stringify({ listening: simulator.url })}\n`);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  simulator.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
