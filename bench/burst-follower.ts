import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';
import type { BenchSystem } from './system.ts';

const LOOK_EVERY_MS = 100;
const LIMIT_MS = 120_000;

/** Looks how far the system is with what was changed; its own looks are counted, because they are transactions too. */
export function createFollower(of: {
  locationId: string;
  owner: Kysely<Database>;
  temporal: BenchSystem['temporal'];
  cities: () => Promise<Map<string, string>>;
}) {
  const { locationId, owner, temporal, cities } = of;
  let looks = 0;

  async function listWorkflows(): Promise<WorkflowExecutionInfo[]> {
    const found: WorkflowExecutionInfo[] = [];
    const query = `WorkflowType = 'contactSync' AND LocationId = '${locationId}'`;
    for await (const each of temporal.workflow.list({ query })) found.push(each);
    return found;
  }

  async function isCurrent(wanted: Map<string, string>): Promise<boolean> {
    looks += 1;
    const { rows } = await sql<{ ghl_id: string; city: string }>`
      select ghl_id, fields ->> 'city' as city from contacts where location_id = ${locationId}
    `.execute(owner);
    const held = new Map(rows.map(({ ghl_id, city }) => [ghl_id, city]));
    return [...wanted].every(([id, city]) => held.get(id) === city);
  }

  async function countHandovers(state: 'any' | 'pending'): Promise<number> {
    looks += 1;
    const { rows } = await sql<{ rows: number }>`
      select count(*)::int as rows from event_capabilities
      where capability = 'contact-sync' and starts_with(workflow_id, ${`contact-sync/${locationId}/`})
        and (${state} = 'any' or state = ${state})
    `.execute(owner);
    return rows[0]!.rows;
  }

  async function until(holds: () => Promise<boolean>): Promise<number | null> {
    const endsMs = performance.now() + LIMIT_MS;
    while (performance.now() < endsMs) {
      if (await holds()) return performance.now();
      await sleep(LOOK_EVERY_MS);
    }
    return null;
  }

  return {
    looks: () => looks,
    /** @returns when the mirror was as GHL is; null when it was not within two minutes */
    async untilCurrent(): Promise<number | null> {
      const wanted = await cities();
      return until(() => isCurrent(wanted));
    },
    /** Until nothing waits or runs any more. */
    async untilQuiet(): Promise<void> {
      await until(async () => {
        if ((await countHandovers('pending')) > 0) return false;
        const found = await listWorkflows();
        return found.length > 0 && found.every(({ status }) => status.name !== 'RUNNING');
      });
    },
    async count() {
      const found = await listWorkflows();
      const historyEvents = found.reduce((total, { historyLength }) => total + historyLength, 0);
      return { handovers: await countHandovers('any'), workflows: found.length, historyEvents };
    },
  };
}
