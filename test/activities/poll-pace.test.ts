import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PassKind, PolledResource } from '../../domain/poll-rules.ts';
import { POLL_POLICY } from '../../domain/poll-rules.ts';
import { listDueLocations } from '../../db/poll-turns.ts';
import { withSystemRole } from '../../db/scope.ts';
import { run } from '../stack/activity-bench.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { createPollWorld, type PollWorld } from './poll-world.ts';

let all: Neighbours;
let world: PollWorld;
let quiet: PollWorld;
beforeAll(async () => {
  all = await startNeighbours({ polling: { ...POLL_POLICY, gapGraceMs: 0 } });
  world = createPollWorld(all.bench, all.agency, 'chelsea');
  quiet = createPollWorld(all.bench, all.agency, 'cambridge');
});
afterAll(() => all.bench.stop());

const MINUTE_MS = 60_000;
/** After how many minutes a pass is due again, by what its policy says to a busy, a usual and an idle location. */
const dueInMinutes = async (of: PollWorld, resource: PolledResource, kind: PassKind) => {
  const { due_at, finished_at } = await of.pass(resource, kind);
  return (due_at.getTime() - finished_at!.getTime()) / MINUTE_MS;
};
const expectBetween = (value: number, least: number, most: number) => {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
};
const speak = (of: PollWorld, at: Date) =>
  all.bench.database.ownerDb
    .updateTable('locations')
    .set({ last_event_at: at })
    .where('id', '=', of.locationId)
    .execute();
const dueLocations = async () =>
  (await withSystemRole(all.bench.database.db, 'upkeep', (tx) => listDueLocations(tx, 100))).map(
    ({ locationId }) => locationId,
  );
/** As if nothing were due for long. */
const settle = async (finishedAgoMs: number) => {
  for (const each of [world, quiet]) await each.plan();
  const { ownerDb } = all.bench.database;
  await ownerDb
    .updateTable('poll_passes')
    .set({
      finished_at: new Date(Date.now() - finishedAgoMs),
      busy_due_at: new Date(Date.now() - finishedAgoMs + 2 * MINUTE_MS),
      due_at: new Date(Date.now() + 60 * MINUTE_MS),
    })
    .execute();
};

describe('how soon a location is looked at again', () => {
  it('is seldom where nothing has happened for long, however much a first look finds', async () => {
    await world.seedContacts(12);
    await world.round('contact', 'delta');
    expect(await world.contacts()).toHaveLength(12);
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 48, 60);
    await world.round('contact', 'sweep');
    await world.round('contact', 'delta');
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 48, 60);
  });

  it('is often where a first look shows that something has just happened', async () => {
    await quiet.seedContacts(3, { dateAdded: new Date(Date.now() - 5 * MINUTE_MS).toISOString() });
    await quiet.round('contact', 'delta');
    expectBetween(await dueInMinutes(quiet, 'contact', 'delta'), 1.6, 2);
  });

  it('is often from the first change on that it finds', async () => {
    const [contact] = await world.contacts();
    await all.bench.simulator.updateContact(contact!.ghl_id, { city: 'Boston' });
    await world.round('contact', 'delta');
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 1.6, 2);
  });

  it('becomes seldom again when nothing happens any more, unless webhooks go missing there', async () => {
    const { ownerDb } = all.bench.database;
    const longAgo = new Date(Date.now() - 2 * 24 * 60 * MINUTE_MS);
    await ownerDb.updateTable('poll_passes').set({ last_change_at: longAgo }).execute();
    // The change of the test before was told by no event.
    expect(await world.gaps()).toHaveLength(1);
    await world.round('contact', 'delta');
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 1.6, 2);
    await ownerDb.updateTable('webhook_gaps').set({ told_at: new Date() }).execute();
    await world.round('contact', 'delta');
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 48, 60);
  });
});

describe('an idle location that speaks', () => {
  it('is looked at as a busy one, without waiting for the end of its interval, and no other is', async () => {
    await settle(30 * MINUTE_MS);
    expect(await dueLocations()).not.toContain(world.locationId);
    expect(await world.plan()).toEqual([]);
    await speak(world, new Date(Date.now() - MINUTE_MS));
    expect(await dueLocations()).toContain(world.locationId);
    expect(await dueLocations()).not.toContain(quiet.locationId);
    expect(await world.plan()).toContainEqual({ resource: 'contact', kind: 'delta' });
    expect(await quiet.plan()).toEqual([]);
    await run(all.bench.pollsGhl.pollPage, world.argsOf('contact', 'delta'));
    expectBetween(await dueInMinutes(world, 'contact', 'delta'), 1.6, 2);
  });

  it('is not looked at for what it said before it was looked at last', async () => {
    await settle(30 * MINUTE_MS);
    await speak(world, new Date(Date.now() - 40 * MINUTE_MS));
    expect(await dueLocations()).not.toContain(world.locationId);
    expect(await world.plan()).toEqual([]);
  });

  it('is not looked at for each thing it says', async () => {
    await settle(MINUTE_MS);
    await speak(world, new Date());
    expect(await dueLocations()).not.toContain(world.locationId);
    expect(await world.plan()).toEqual([]);
  });

  it('does not hasten a pass that fails', async () => {
    await settle(30 * MINUTE_MS);
    await world.makeDue('contact', 'delta');
    await run(all.bench.polls.postponePass, { ...world.argsOf('contact', 'delta'), cause: 'GhlForbidden' });
    await speak(world, new Date());
    expect(await world.plan()).not.toContainEqual({ resource: 'contact', kind: 'delta' });
    expect((await world.plan()).length).toBeGreaterThan(0);
  });
});
