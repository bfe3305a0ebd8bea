import { once } from 'node:events';
import { createServer } from 'node:http';
import { createApp } from './http/app.ts';
import { runScenario } from './scenario/run.ts';
import type { Scenario } from './scenario/scenario.ts';
import { runJob } from './resources/jobs.ts';
import { createSimulation } from './simulation.ts';
import type { Behaviour } from './simulation.ts';
import { loadSnapshot, saveSnapshot } from './world/snapshot.ts';

const saveEveryMs = 3_000;

/** What a simulator may be told at its start; everything has a default. */
export interface SimulatorOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Decides ids, chances and the webhook key. */
  seed?: string;
  /** A file to load at the start and to keep up to date. */
  snapshotPath?: string;
  behaviour?: Partial<Behaviour>;
  /** Runs from the moment the simulator listens. */
  scenario?: Scenario;
}

/** A running simulator, reached over HTTP at `url`. */
export interface Simulator {
  url: string;
  /** The key that verifies `X-GHL-Signature`. */
  webhookPublicKeyPem: string;
  /** Stops it: saves the snapshot, cuts open connections, gives up deliveries in flight. */
  close(): Promise<void>;
}

/** Starts a simulator on the loopback address. Raises when the port is taken or the snapshot cannot be read. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulation = createSimulation(options.seed ?? 'switchyard', options.behaviour ?? {});
  const { snapshotPath } = options;
  const leftover = snapshotPath ? await loadSnapshot(simulation, snapshotPath) : [];
  // What is asked for now counts for more than what was in force before.
  Object.assign(simulation.behaviour, options.behaviour);
  simulation.agenda.start((job) => {
    runJob(simulation, job);
  }, leftover);

  const server = createServer(createApp(simulation));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  if (options.scenario) simulation.scenario = runScenario(simulation, options.scenario);

  let saving: Promise<void> = Promise.resolve();
  const save = (): void => {
    if (!snapshotPath || !simulation.changed) return;
    saving = saving
      .then(() => saveSnapshot(simulation, snapshotPath))
      .catch(() => {
        simulation.changed = true;
        process.stderr.write('simulator: the snapshot could not be saved\n');
      });
  };
  const timer = setInterval(save, saveEveryMs).unref();

  return {
    url: `http://127.0.0.1:${port}`,
    webhookPublicKeyPem: simulation.signer.publicKeyPem(),
    async close() {
      clearInterval(timer);
      simulation.scenario?.stop();
      simulation.changes.stop();
      simulation.agenda.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      save();
      await saving;
      await simulation.deliveries.close();
    },
  };
}
