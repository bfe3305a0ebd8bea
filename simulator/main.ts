import { z } from 'zod';
import { startSimulator } from './simulator.ts';

const environment = z
  .object({
    SIMULATOR_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
    SIMULATOR_SNAPSHOT: z.string().min(1).optional(),
    SIMULATOR_SEED: z.string().min(1).optional(),
  })
  .parse(process.env);

const { SIMULATOR_PORT: port, SIMULATOR_SNAPSHOT: snapshotPath, SIMULATOR_SEED: seed } = environment;
const simulator = await startSimulator({ port, ...(snapshotPath ? { snapshotPath } : {}), ...(seed ? { seed } : {}) });
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
