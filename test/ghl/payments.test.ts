import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getInvoice, listInvoices, listOrders, listSubscriptions, listTransactions } from '../../ghl/payments.ts';
import { here, many, neighbour, openResourceWorld, readAll } from './resource-world.ts';
import type { ResourceWorld } from './resource-world.ts';

let world: ResourceWorld;
beforeEach(async () => {
  world = await openResourceWorld();
  await world.control.seed({ contacts: [{ id: 'ann', locationId: 'loc1', firstName: 'Ann' }] });
});
afterEach(() => world.close());

const records = (count: number) =>
  many(count, (index) => ({
    id: `r${index}`,
    locationId: 'loc1',
    contactId: index === 0 ? 'ann' : 'bob',
    amount: 10 + index,
    createdAt: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
  }));

describe.each([
  ['transactions', listTransactions],
  ['orders', listOrders],
  ['subscriptions', listSubscriptions],
] as const)('the %s of a location', (kind, list) => {
  it('are read to their end, newest first', async () => {
    await world.control.seed({ [kind]: records(25) });
    const { items, pages } = await readAll<{ id: string; amount: number }, number>((offset) =>
      list(world.ghl, here, { limit: 10 }, offset),
    );
    expect(items.map(({ id }) => id)).toEqual(many(25, (index) => `r${24 - index}`));
    expect(items.at(-1)?.amount).toBe(10);
    expect(pages).toBe(3);
  });

  it('are those of a contact, or of a span of days, both included', async () => {
    await world.control.seed({ [kind]: records(6) });
    expect((await list(world.ghl, here, { limit: 10, contactId: 'ann' })).items.map(({ id }) => id)).toEqual(['r0']);
    const span = { firstDay: '2026-01-02', lastDay: '2026-01-04' };
    expect((await list(world.ghl, here, { limit: 10, ...span })).items.map(({ id }) => id)).toEqual(['r3', 'r2', 'r1']);
  });

  it('stay with their location', async () => {
    await world.control.seed({ [kind]: records(1) });
    expect((await list(world.ghl, neighbour, { limit: 10 })).items).toEqual([]);
  });
});

describe('the invoices of a location', () => {
  it('are read to their end and one by one, with what is due', async () => {
    const invoice = await world.control.createInvoice({ contactId: 'ann', total: 100 });
    await world.control.seed({
      invoices: many(11, (index) => ({ id: `i${index}`, locationId: 'loc1', contactId: 'ann', total: 5 })),
    });
    await world.control.sendInvoice(invoice.id);
    await world.control.payInvoice(invoice.id, 40);
    expect(await getInvoice(world.ghl, here, invoice.id)).toMatchObject({
      id: invoice.id,
      status: 'partially_paid',
      total: 100,
      amountPaid: 40,
      amountDue: 60,
      contactId: 'ann',
    });
    const { items } = await readAll((offset: number | undefined) =>
      listInvoices(world.ghl, here, { limit: 5 }, offset),
    );
    expect(new Set(items.map(({ id }) => id)).size).toBe(12);
  });

  it('stay with their location', async () => {
    const { id } = await world.control.createInvoice({ contactId: 'ann', total: 100 });
    await expect(getInvoice(world.ghl, neighbour, id)).rejects.toMatchObject({ code: 'GhlNotFound' });
  });
});
