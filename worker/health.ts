import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Worker } from '@temporalio/worker';

export interface WorkerHealth {
  /** What the pages report from now on; null while Temporal is not there. */
  workers: Worker[] | null;
  close(): Promise<void>;
}

/** `GET /healthz`: the process lives. `GET /readyz`: it polls all its queues, else 503 with what it waits for. */
export async function serveHealth(host: string, port: number): Promise<WorkerHealth> {
  const health: WorkerHealth = { workers: null, close: () => close(server) };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const states = health.workers?.map((worker) => worker.getState()) ?? [];
    const isPolling = states.length > 0 && states.every((state) => state === 'RUNNING');
    const answer = (status: number, body: Record<string, unknown>): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (path === '/healthz') return answer(200, { status: 'alive' });
    if (path === '/readyz') return answer(isPolling ? 200 : 503, { status: isPolling ? 'polling' : 'waiting', states });
    return answer(404, { status: 'not-found' });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return health;
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
