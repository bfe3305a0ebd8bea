import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { requireServicePorts } from '../../scripts/stack/application.ts';
import { findFreePort, PortTakenError, requireFreePort } from '../../scripts/stack/ports.ts';
import { readSettings } from '../../scripts/stack/settings.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
});

async function takePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

describe('the ports of the stack', () => {
  it('finds one that can be listened on, and that no connection is given meanwhile', async () => {
    const port = await findFreePort();
    expect(port).toBeGreaterThan(1024);
    expect(port).toBeLessThan(32_768);
    await requireFreePort('the test', port, 'TEST_PORT');
  });

  it('says of a taken one what wants it and which variable chooses another', async () => {
    const port = await takePort();
    const required = requireFreePort('the test', port, 'TEST_PORT');
    await expect(required).rejects.toThrow(PortTakenError);
    await expect(required).rejects.toThrow(`Port ${port}, wanted for the test, is taken`);
    await expect(required).rejects.toThrow('TEST_PORT=');
  });

  it('proposes a port that exists', () => {
    expect(new PortTakenError('the test', 3000, 'TEST_PORT').message).toContain('TEST_PORT=3100 npm start');
    expect(new PortTakenError('the test', 65_535, 'TEST_PORT').message).toContain('TEST_PORT=65435 npm start');
  });

  it.each(['API_PORT', 'WORKER_HEALTH_PORT', 'SIMULATOR_PORT'])(
    'refuses to start anything while the port of %s is taken',
    async (variable) => {
      const environment: NodeJS.ProcessEnv = {};
      for (const name of ['API_PORT', 'WORKER_HEALTH_PORT', 'SIMULATOR_PORT']) {
        environment[name] = String(name === variable ? await takePort() : await findFreePort());
      }
      const settings = readSettings([], environment, '/');
      await expect(requireServicePorts(settings)).rejects.toThrow(`${variable}=`);
    },
  );
});
