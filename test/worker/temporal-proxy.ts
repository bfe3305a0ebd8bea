import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TemporalProxy {
  address: string;
  /** Breaks all connections and takes no new ones, as a server that is gone. */
  cut(): void;
  /** Takes connections and passes nothing on, as a server that hangs. */
  freeze(): void;
  /** Keeps what the server answers, as one that is busy, until `release`. */
  hold(): void;
  release(): void;
  mend(): void;
  close(): Promise<void>;
}

/** A way to Temporal that can be lost without stopping the server, which other tests use. */
export async function startTemporalProxy(to: string): Promise<TemporalProxy> {
  const [host, port] = to.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const answering = new Set<Socket>();
  let state: 'open' | 'cut' | 'frozen' = 'open';
  let isHeld = false;
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect(Number(port), host);
    const ends: [Socket, Socket][] = [
      [near, far],
      [far, near],
    ];
    for (const [from, into] of ends) {
      sockets.add(from);
      from.on('data', (data) => state === 'open' && into.write(data));
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
    }
    answering.add(far);
    far.on('close', () => answering.delete(far));
    if (isHeld) far.pause();
  });
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      state = 'cut';
      breakAll();
    },
    freeze() {
      state = 'frozen';
    },
    hold() {
      isHeld = true;
      for (const far of answering) far.pause();
    },
    release() {
      isHeld = false;
      for (const far of answering) far.resume();
    },
    mend() {
      state = 'open';
      breakAll();
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
