import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface JitterProxy {
  url: string;
  close(): Promise<void>;
}

/**
 * A network that delays what it carries to `targetUrl` and back by a random time, each piece anew and in order, so that
 * requests arrive bunched together and spread apart.
 * @param maxDelayMs the longest delay each way, in milliseconds
 */
export async function startJitterProxy(targetUrl: string, maxDelayMs: number): Promise<JitterProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Duplex>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => [client, upstream].forEach((each) => each.destroy()));
    }
    carry(client, upstream, maxDelayMs);
    carry(upstream, client, maxDelayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function carry(from: Socket, to: Socket, maxDelayMs: number): void {
  let earliestMs = 0;
  const later = (act: () => void): void => {
    earliestMs = Math.max(earliestMs, performance.now() + Math.random() * maxDelayMs);
    setTimeout(act, earliestMs - performance.now());
  };
  from.on('data', (piece: Buffer) => later(() => to.writable && to.write(piece)));
  from.on('end', () => later(() => to.end()));
}
