import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GhlCalls } from '../../ghl/calls.ts';
import {
  deleteOpportunity,
  getOpportunity,
  listChangedOpportunities,
  listOpportunities,
} from '../../ghl/opportunities.ts';
import type { OpportunityCursor, OpportunitySearchCursor } from '../../ghl/opportunity-schema.ts';
import { here, many, neighbour, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({
    contacts: [{ id: 'ann', locationId: 'loc1' }],
    opportunities: many(24, (index) => ({
      id: `o${index}`,
      locationId: 'loc1',
      contactId: 'ann',
      pipelineId: 'pipe1',
      name: 'Ann',
      status: index < 20 ? ('open' as const) : ('won' as const),
      // Several of one moment, across the end of a page.
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(index / 6))).toISOString(),
    })),
  });
});
afterEach(() => world.close());

const list = (limit: number, status?: 'open') =>
  readAll((after: OpportunityCursor | undefined) =>
    listOpportunities(world.ghl, here, { limit, ...(status ? { status } : {}) }, after),
  );

describe('the opportunities of a location', () => {
  it('are read to their end, each once', async () => {
    const { items, pages } = await list(10);
    expect(items).toHaveLength(24);
    expect(new Set(items.map(({ id }) => id)).size).toBe(24);
    expect(pages).toBe(3);
  });

  it('end where a page is full by chance', async () => {
    expect((await list(10, 'open')).items).toHaveLength(20);
  });

  it('are read by their last change to the end, each once, whatever changes behind the reader', async () => {
    await world.control.advanceClock(1_000);
    await world.control.updateOpportunity('o3', { status: 'won' });
    await world.control.updateOpportunity('o21', { status: 'open' });
    const listed: string[] = [];
    let after: OpportunitySearchCursor | undefined;
    for (let page = 1; ; page += 1) {
      const { items, next } = await listChangedOpportunities(world.ghl, here, { limit: 10 }, after);
      listed.push(...items.map(({ id }) => id));
      expect(Object.keys(items[0]!)).not.toContain('sort');
      if (next === null) break;
      expect(next).toHaveProperty('searchAfter');
      after = next;
      if (page === 1) await world.control.updateOpportunity(listed[0]!, { status: 'lost' });
    }
    expect(listed.slice(0, 2).sort()).toEqual(['o21', 'o3']);
    expect(listed).toHaveLength(24);
    expect(new Set(listed).size).toBe(24);
  });

  it('are read by pages where GHL tells no places', async () => {
    const asked: unknown[] = [];
    const opportunities = many(10, (index) => ({ id: `o${index}`, locationId: 'loc1', contactId: 'ann' }));
    const placeless = {
      call: (_name: string, { body }: { body: { page?: number } }) => {
        asked.push(body);
        const isLast = body.page === 3;
        return Promise.resolve({ opportunities: isLast ? opportunities.slice(0, 4) : opportunities });
      },
    } as unknown as GhlCalls;
    const { items, pages } = await readAll((after: OpportunitySearchCursor | undefined) =>
      listChangedOpportunities(placeless, here, { limit: 10 }, after),
    );
    expect([items.length, pages]).toEqual([24, 3]);
    expect(asked).toMatchObject([{ page: 1 }, { page: 2 }, { page: 3 }]);
  });

  it('can be deleted, by their own location only', async () => {
    const refused = deleteOpportunity(world.ghl, neighbour, 'o1');
    await expect(refused).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    await deleteOpportunity(world.ghl, here, 'o1');
    await expect(getOpportunity(world.ghl, here, 'o1')).rejects.toMatchObject({ code: 'GhlNotFound' });
    await expect(deleteOpportunity(world.ghl, here, 'o1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});
