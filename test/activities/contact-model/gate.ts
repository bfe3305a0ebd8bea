import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request of ours on its way to GHL. */
export interface Passing {
  method: string;
  path: string;
}

/** A door between the gateway and the simulator, where a test can let others act while one of our steps is under way. */
export interface Gate {
  url: string;
  /** Where requests go. */
  target: string;
  /** Every request that writes contacts, in order. */
  writes: Passing[];
  /** Called before a request of contacts is passed on, which waits for it. */
  beforeEach: ((passing: Passing & { isWrite: boolean }) => Promise<void>) | undefined;
  close(): Promise<void>;
}

const isOfContacts = ({ path }: Passing): boolean =>
  path.startsWith('/contacts/') && !path.startsWith('/contacts/search');

/** Opens a gate on a free port; the target has to be set before the first request. */
export async function openGate(): Promise<Gate> {
  const server = createServer((req, res) => {
    void pass(req)
      .then((answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => res.destroy());
        answer.pipe(res);
      })
      // What the simulator cuts off is cut off here.
      .catch(() => req.socket.destroy());
  });

  async function pass(req: IncomingMessage): Promise<IncomingMessage> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const passing = { method: req.method ?? 'GET', path: req.url ?? '/' };
    if (isOfContacts(passing)) {
      const isWrite = passing.method !== 'GET';
      await gate.beforeEach?.({ ...passing, isWrite });
      if (isWrite) gate.writes.push(passing);
    }
    const onward = request(new URL(passing.path, gate.target), { method: passing.method, headers: req.headers });
    onward.end(Buffer.concat(chunks));
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    return answer;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    writes: [],
    beforeEach: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return gate;
}
