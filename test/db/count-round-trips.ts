import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CountedWay {
  /** Of the same database, through the place where it is counted. */
  url: string;
  /** How often Postgres was waited for while `work` was done. */
  countTrips(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** Stands between the driver and Postgres, and counts how often the one has spoken after the other. */
export async function openCountedWay(databaseUrl: string): Promise<CountedWay> {
  const [target, way] = [new URL(databaseUrl), new URL(databaseUrl)];
  const sockets = new Set<Socket>();
  let trips = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let isAnswered = true;
    near.on('data', (sent) => {
      if (isAnswered) trips += 1;
      isAnswered = false;
      far.write(sent);
    });
    far.on('data', (sent) => {
      isAnswered = true;
      near.write(sent);
    });
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  way.port = String((server.address() as AddressInfo).port);
  way.hostname = '127.0.0.1';
  return {
    url: way.href,
    async countTrips(work) {
      const before = trips;
      await work();
      return trips - before;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
