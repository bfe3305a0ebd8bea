import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { sql } from 'kysely';
import type { ProofStack } from './stack.ts';
import type { ProofLocation, ProofWorld } from './world.ts';

const LOOK_MS = 500;

/** Waits until `look` says that nothing is in the way any more. @throws Error with what it said last, after `timeoutMs` */
export async function waitUntil(look: () => Promise<string | undefined>, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const inTheWay = await look();
    if (inTheWay === undefined) return;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${inTheWay}`);
    await sleep(LOOK_MS);
  }
}

/** How long each of the waits may take at most, in milliseconds. */
export interface Patience {
  timeoutMs: number;
}

/** Looks at the whole system from outside. */
export async function createQuietWatch(stack: ProofStack, { agencyId, locations, apiKey }: ProofWorld) {
  const { ownerDb, simulator } = stack;
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const temporal = new Client({ connection, namespace: stack.namespace });
  const count = async (counted: ReturnType<typeof sql<{ count: number }>>): Promise<number> =>
    (await counted.execute(ownerDb)).rows[0]?.count ?? 0;

  /** Nothing that has come is still waiting for anybody; undefined when so. */
  async function findBusy(): Promise<string | undefined> {
    const { pending } = (await simulator.getStats()).webhooks;
    if (pending > 0) return `${pending} webhooks on their way`;
    const work = await count(sql`select count(*)::int as count from event_capabilities where state = 'pending'`);
    if (work > 0) return `${work} rows in the inbox`;
    const leads = await count(sql`select count(*)::int as count from leads
      where agency_id = ${agencyId} and state in ('received', 'routing')`);
    if (leads > 0) return `${leads} leads on their way`;
    const running = `ExecutionStatus = 'Running' and WorkflowType = 'contactSync'`;
    const syncs = (await temporal.workflow.count(running)).count;
    return syncs > 0 ? `${syncs} contacts being read` : undefined;
  }

  const askApi = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${stack.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  };

  const watch = {
    askApi,
    /** Asks for a reconciliation of every location, as an operator does. */
    async askForSweeps(repair: boolean): Promise<void> {
      for (const { id } of locations) await askApi('POST', `/v1/locations/${id}/reconcile`, { repair });
    },
    async sweepsEnded({ timeoutMs }: Patience): Promise<void> {
      await waitUntil(async () => {
        const open = await count(sql`select count(*)::int as count from poll_passes
          where agency_id = ${agencyId} and asked_at is not null`);
        return open > 0 ? `${open} sweeps are under way` : undefined;
      }, timeoutMs);
    },
    /** Waits until what has come is done. */
    becomeQuiet: ({ timeoutMs }: Patience) => waitUntil(findBusy, timeoutMs),
    /** What the newest report of each resource of a location says. */
    async readDrift({ id }: ProofLocation): Promise<Record<string, unknown>[]> {
      const { drift } = await askApi('GET', `/v1/locations/${id}/sync?gaps=0&history=0`);
      return drift as Record<string, unknown>[];
    },
    close: () => connection.close(),
  };
  return watch;
}

export type QuietWatch = Awaited<ReturnType<typeof createQuietWatch>>;
