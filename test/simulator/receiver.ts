import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** One webhook as it arrived. */
interface Received {
  headers: IncomingHttpHeaders;
  raw: Buffer;
  json: Record<string, unknown>;
}

/** A server that takes webhooks; `answer` decides the status of the nth (from 1), or null to leave it unanswered. */
export interface Receiver {
  url: string;
  received: Received[];
  types(): string[];
  answer: (count: number) => number | null;
  busiest: number;
  close(): Promise<void>;
}

/** Starts a receiver on any free port that answers 200. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    open += 1;
    receiver.busiest = Math.max(receiver.busiest, open);
    res.once('close', () => (open -= 1));
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const raw = Buffer.concat(chunks);
      const json = JSON.parse(raw.toString()) as Record<string, unknown>;
      receiver.received.push({ headers: req.headers, raw, json });
      const status = receiver.answer(receiver.received.length);
      if (status !== null) res.writeHead(status).end();
    });
  });
  let open = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received: [],
    types: () => receiver.received.map(({ json }) => String(json['type'])),
    answer: () => 200,
    busiest: 0,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}
