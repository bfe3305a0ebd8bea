import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A port that this stack wants is taken by somebody else. */
export class PortTakenError extends Error {
  readonly code = 'PortTaken';
  constructor(purpose: string, port: number, variable: string) {
    const other = port > 65_000 ? port - 100 : port + 100;
    super(
      `Port ${port}, wanted for ${purpose}, is taken by another process. ` +
        `Stop that process or choose another port: ${variable}=${other} npm start`,
    );
    this.name = 'PortTakenError';
  }
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

/** Linux gives the ports from 32,768 on, others from 49,152 on, to every connection: one of them may soon be gone again. */
const OURS = { from: 20_000, below: 32_768, tries: 100 };

/** A port of 127.0.0.1 that was free a moment ago, and which systems give nobody who does not name it. */
export async function findFreePort(): Promise<number> {
  for (let tried = 0; tried < OURS.tries; tried += 1) {
    const port = await listenOnce(randomInt(OURS.from, OURS.below));
    if (port !== undefined) return port;
  }
  throw new Error(`no free port was found on 127.0.0.1 between ${OURS.from} and ${OURS.below}`);
}

/**
 * Makes sure that a port can be listened on.
 * @param variable the environment variable by which another port is chosen
 * @throws PortTakenError naming the variable
 */
export async function requireFreePort(purpose: string, port: number, variable: string): Promise<void> {
  if ((await listenOnce(port)) === undefined) throw new PortTakenError(purpose, port, variable);
}
