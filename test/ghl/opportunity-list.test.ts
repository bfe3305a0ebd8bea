import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteOpportunity, getOpportunity, listOpportunities } from '../../ghl/opportunities.ts';
import type { OpportunityCursor } from '../../ghl/opportunity-schema.ts';
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

  it('can be deleted, by their own location only', async () => {
    const refused = deleteOpportunity(world.ghl, neighbour, 'o1');
    await expect(refused).rejects.toMatchObject({ code: 'GhlForbidden', reason: 'wrong-tenant' });
    await deleteOpportunity(world.ghl, here, 'o1');
    await expect(getOpportunity(world.ghl, here, 'o1')).rejects.toMatchObject({ code: 'GhlNotFound' });
    await expect(deleteOpportunity(world.ghl, here, 'o1')).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});
