import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../db/database.ts';
import { createTestDatabase } from '../stack/database.ts';
import { waitFor } from '../stack/wait.ts';
import { startTemporalProxy, type TemporalProxy } from '../worker/temporal-proxy.ts';
import { type ApiWorld, createApiWorld } from './api-world.ts';

let proxy: TemporalProxy;
let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({}, async () => {
    const database = await createTestDatabase();
    const url = new URL(database.url);
    proxy = await startTemporalProxy(url.host);
    url.host = proxy.address;
    const db = createDatabase({ url: url.href, poolSize: 3 });
    const drop = async (): Promise<void> => {
      await db.destroy();
      await proxy.close();
      await database.drop();
    };
    return { ...database, db, drop };
  });
});
afterAll(() => world.close());

/** Well below the ten seconds after which Prometheus gives a page up. */
const SCRAPE_MS = 8_000;
/** What a page may take while Postgres hangs, on a machine so busy that it takes so long while all is well. */
const boundFor = (wellMs: number): number => SCRAPE_MS + 4 * wellMs;

describe('the page of metrics while Postgres hangs', () => {
  it('is there before the scrape is given up, each time, says so, and is whole again afterwards', async () => {
    let boundMs = Infinity;
    let tookMs = 0;
    const scrape = async (): Promise<string> => {
      const startedMs = performance.now();
      const { text } = await world.http.get('/metrics').expect(200);
      tookMs = performance.now() - startedMs;
      expect(tookMs).toBeLessThan(boundMs);
      return text;
    };
    expect(await scrape()).toContain('switchyard_dependency_up{dependency="postgres"} 1');
    boundMs = boundFor(tookMs);
    proxy.freeze();
    for (const page of await Promise.all([scrape(), scrape()]))
      expect(page).toContain('switchyard_dependency_up{dependency="postgres"} 0');
    const later = await scrape();
    expect(later).toContain('switchyard_dependency_up{dependency="postgres"} 0');
    expect(later).toContain('switchyard_dependency_up{dependency="temporal"} 1');
    expect(later).toMatch(/^switchyard_inbox_depth 0$/m);
    proxy.mend();
    await waitFor('Postgres to be told as there', async () =>
      (await scrape()).includes('switchyard_dependency_up{dependency="postgres"} 1'),
    );
  });
});

describe('readiness while Postgres hangs', () => {
  it('is told soon, however many ask, and takes no connection from the doors', async () => {
    const wellSinceMs = performance.now();
    await world.http.get('/readyz').expect(200);
    const boundMs = boundFor(performance.now() - wellSinceMs);
    proxy.freeze();
    const startedMs = performance.now();
    // More than the pool has connections.
    const pages = await Promise.all(Array.from({ length: 10 }, () => world.http.get('/readyz')));
    expect(performance.now() - startedMs).toBeLessThan(boundMs);
    for (const { status, body } of pages) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ status: 'not-ready', postgres: 'away' });
    }
    proxy.mend();
    await waitFor('it to be ready again', async () => (await world.http.get('/readyz')).status === 200);
  });
});
