import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createControlClient } from '../../simulator/control-client.ts';
import { basicSeed, one } from './harness.ts';

const size = 80_000;
/** As records in memory the contacts alone would take twice as much. */
const heapMegabytes = 64;

let child: ChildProcess;
let url: string;
beforeAll(async () => {
  const limit = `--max-old-space-size=${heapMegabytes}`;
  const { SIMULATOR_SNAPSHOT: _none, ...env } = process.env;
  const spawned = spawn(process.execPath, [limit, inject('programs')['simulator/main.ts']!], {
    env: { ...env, SIMULATOR_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = spawned;
  const [line] = (await once(createInterface({ input: spawned.stdout }), 'line')) as [string];
  url = (JSON.parse(line) as { listening: string }).listening;
  const control = createControlClient(url);
  await control.seed(basicSeed);
  await control.seed({ generated: [{ locationId: one, contacts: size, messagesPerContact: 5 }] });
  await control.changeLocation(one, { rateLimit: { max: 1_000_000, daily: 10_000_000 } });
});
afterAll(() => {
  child.kill('SIGKILL');
});

async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: 'Bearer location-1-token', version: '2021-07-28', 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('pages through 80,000 contacts, and as many messages, within a heap too small to hold them', async () => {
  const seen = new Set<string>();
  for (let searchAfter: unknown; ;) {
    const body = { locationId: one, pageLimit: 500, ...(searchAfter ? { searchAfter } : {}) };
    const { contacts, total } = (await ask('/contacts/search', body)) as {
      contacts: { id: string; searchAfter: unknown }[];
      total: number;
    };
    expect(total).toBe(size);
    if (contacts.length === 0) break;
    for (const { id } of contacts) seen.add(id);
    searchAfter = contacts.at(-1)?.searchAfter;
  }
  expect(seen.size).toBe(size);

  const messages = new Set<string>();
  for (let cursor = ''; messages.size < size;) {
    const query = `locationId=${one}&limit=500&sortBy=updatedAt&sortOrder=asc&channel=Email${cursor}`;
    const page = (await ask(`/conversations/messages/export?${query}`)) as {
      messages: { id: string }[];
      nextCursor: string | null;
    };
    for (const { id } of page.messages) messages.add(id);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  // Two in ten of all.
  expect(messages.size).toBe(size);
});
