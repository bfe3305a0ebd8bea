import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { atOnce, expectToRepeat } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const owner = () => all.bench.database.ownerDb;
const apply = async (body: Record<string, unknown>, from: string | null, receivedAt?: Date) => {
  const { bench, agency } = all;
  const event = await agency.event(body, from, receivedAt);
  return expectToRepeat(bench, all, bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
};
const locationRow = async (ghlLocationId: string) =>
  owner().selectFrom('locations').selectAll().where('ghl_location_id', '=', ghlLocationId).executeTakeFirst();
const repRow = async (ghlUserId: string, locationKey: string) =>
  owner()
    .selectFrom('reps')
    .selectAll()
    .where('ghl_user_id', '=', ghlUserId)
    .where('location_id', '=', all.agency.location(locationKey))
    .executeTakeFirst();
const countAudited = async (action: string, id: string): Promise<number> => {
  const rows = await owner()
    .selectFrom('audit_log')
    .select('id')
    .where('action', '=', action)
    .where('subject', 'like', `%:${id}`)
    .execute();
  return rows.length;
};
const toldOf = async (leadId: string) =>
  owner()
    .selectFrom('event_capabilities')
    .select('input')
    .where('ordering_key', '=', `lead:${leadId}`)
    .where('capability', '=', 'lead-follow-up')
    .execute();
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const setInstalled = (locationKey: string, installedAt: Date | null) =>
  owner()
    .updateTable('locations')
    .set({ installed_at: installedAt, live_at: installedAt })
    .where('id', '=', all.agency.location(locationKey))
    .execute();

describe('INSTALL', () => {
  it('puts an unknown location under the master once, not live', async () => {
    const change = await apply({ type: 'INSTALL', locationId: 'one-loc-new', timestamp: minutesAgo(3) }, null);
    const row = await locationRow('one-loc-new');
    expect(change).toEqual({ locationId: row?.id, needsToken: true });
    expect(row).toMatchObject({ kind: 'location', parent_id: all.agency.location('master'), live_at: null });
    expect(row?.installed_at).toBeInstanceOf(Date);
    expect(await countAudited('location.add', row!.id)).toBe(1);
  });

  it('puts it there once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const event = await agency.event({ type: 'INSTALL', locationId: 'one-loc-rush' }, null);
    const answers = await atOnce(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
    expect(new Set(answers.map((answer) => answer.locationId)).size).toBe(1);
    expect(await countAudited('location.add', answers[0]!.locationId!)).toBe(1);
  });

  it('of a known location installs it again, from when GHL says so', async () => {
    const { agency } = all;
    await setInstalled('cambridge', null);
    const timestamp = minutesAgo(5);
    const locationId = agency.ghlLocation('cambridge');
    const change = await apply({ type: 'INSTALL', locationId, timestamp }, 'cambridge');
    expect(change).toEqual({ locationId: agency.location('cambridge'), needsToken: true });
    expect(await locationRow(locationId)).toMatchObject({ installed_at: new Date(timestamp), live_at: null });
    await setInstalled('cambridge', new Date());
  });

  it('of a whole agency changes no location', async () => {
    expect(await apply({ type: 'INSTALL', companyId: 'one-company' }, null)).toEqual({
      locationId: null,
      needsToken: false,
    });
  });

  it('of a location that is the neighbour’s fails for good', async () => {
    const { bench, agency, neighbour } = all;
    const event = await agency.event({ type: 'INSTALL', locationId: neighbour.ghlLocation('chelsea') }, null);
    const failure = await failureOf(run(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event }));
    expect(failure).toMatchObject({ type: 'LocationOfAnotherAgency', nonRetryable: true });
  });
});

describe('UNINSTALL', () => {
  it('of a location ends it and tells its open leads, once', async () => {
    const { agency } = all;
    const held = await agency.placed(somebody('10011'));
    const locationId = agency.ghlLocation('chelsea');
    await apply({ type: 'UNINSTALL', locationId }, 'chelsea');
    expect(await locationRow(locationId)).toMatchObject({ installed_at: null, live_at: null });
    expect(await toldOf(held.leadId)).toMatchObject([
      { input: { change: { kind: 'location-uninstalled', locationId: agency.location('chelsea') } } },
    ]);
    expect(await countAudited('location.uninstall', agency.location('chelsea'))).toBe(1);
    await setInstalled('chelsea', new Date());
  });

  it('that comes after a later INSTALL ends nothing, whether it was delivered late or the INSTALL early', async () => {
    const { agency } = all;
    const locationId = agency.ghlLocation('cambridge');
    await setInstalled('cambridge', new Date(minutesAgo(60)));
    await apply({ type: 'INSTALL', locationId, timestamp: minutesAgo(10) }, 'cambridge');
    await apply({ type: 'UNINSTALL', locationId, timestamp: minutesAgo(20) }, 'cambridge');
    expect((await locationRow(locationId))?.live_at).toBeInstanceOf(Date);
    // Both waited in the inbox: what counts is when they happened, not when they are done.
    await apply({ type: 'UNINSTALL', locationId, timestamp: minutesAgo(9) }, 'cambridge');
    expect((await locationRow(locationId))?.installed_at).toBeNull();
    await setInstalled('cambridge', new Date());
  });

  it('of an agency ends all its locations and its own authority, unless one was installed since', async () => {
    const { agency } = all;
    const statusOfAgency = async () =>
      (
        await owner()
          .selectFrom('installs')
          .select('status')
          .where('agency_id', '=', agency.agencyId)
          .where('location_id', 'is', null)
          .executeTakeFirstOrThrow()
      ).status;
    await apply({ type: 'UNINSTALL', companyId: 'one-company', timestamp: minutesAgo(600) }, null);
    expect(await statusOfAgency()).toBe('active');
    expect((await locationRow(agency.ghlLocation('back-bay')))?.installed_at).toBeInstanceOf(Date);
    await apply({ type: 'UNINSTALL', companyId: 'one-company', timestamp: new Date().toISOString() }, null);
    expect(await statusOfAgency()).toBe('uninstalled');
    const still = await owner()
      .selectFrom('locations')
      .select('name')
      .where('agency_id', '=', agency.agencyId)
      .where('installed_at', 'is not', null)
      .execute();
    expect(still).toEqual([]);
    expect(await countAudited('location.uninstall', agency.location('back-bay'))).toBe(1);
    await owner().updateTable('installs').set({ status: 'active' }).where('agency_id', '=', agency.agencyId).execute();
    for (const key of ['master', 'east', 'back-bay', 'cambridge', 'chelsea']) await setInstalled(key, new Date());
  });
});

describe('a user event', () => {
  const created = (id: string, more: object = {}) => {
    const locationId = all.agency.ghlLocation('chelsea');
    return { type: 'UserCreate', id, locationId, firstName: 'Una', lastName: 'User', email: 'una@x.test', ...more };
  };

  it('makes a new user a rep once; an admin waits for an operator', async () => {
    await apply(created('user-plain', { role: 'user' }), 'chelsea');
    await apply(created('user-admin', { role: 'admin' }), 'chelsea');
    expect(await repRow('user-plain', 'chelsea')).toMatchObject({ status: 'active', name: 'Una User' });
    expect(await repRow('user-admin', 'chelsea')).toMatchObject({ status: 'suspended' });
  });

  it('makes a rep once when five attempts start at the same moment', async () => {
    const { bench, agency } = all;
    const event = await agency.event(created('user-rush'), 'chelsea');
    await atOnce(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
    expect(await countAudited('rep.add', (await repRow('user-rush', 'chelsea'))!.id)).toBe(1);
  });

  it('changes what it tells of a rep and nothing else', async () => {
    await apply(created('user-told'), 'chelsea');
    await apply({ ...created('user-told', { lastName: 'Married' }), type: 'UserUpdate' }, 'chelsea');
    await apply({ type: 'UserUpdate', id: 'user-told', locationId: all.agency.ghlLocation('chelsea') }, 'chelsea');
    expect(await repRow('user-told', 'chelsea')).toMatchObject({ name: 'Una Married', email: 'una@x.test' });
  });

  it('removes a rep once and tells the leads', async () => {
    const { agency } = all;
    const held = await agency.placed(somebody('02139'));
    expect((await agency.get(held.leadId)).rep_id).toBe(agency.rep('cid'));
    const id = agency.ghlUser('cid');
    await apply({ type: 'UserDelete', id, locationId: agency.ghlLocation('cambridge') }, 'cambridge');
    expect(await repRow(id, 'cambridge')).toMatchObject({ status: 'removed' });
    expect(await toldOf(held.leadId)).toMatchObject([{ input: { change: { kind: 'rep-unavailable' } } }]);
    expect(await countAudited('rep.remove', agency.rep('cid'))).toBe(1);
  });

  const at = (minute: number): { timestamp: string } => ({ timestamp: minutesAgo(minute) });
  const removed = (id: string, more: object = {}) => ({ type: 'UserDelete', id, ...more });

  it('brings a removed rep back when GHL makes the user again, and not by a late update', async () => {
    await apply(created('user-back', at(9)), 'chelsea');
    await apply(removed('user-back', at(8)), null);
    await apply({ ...created('user-back', at(7)), type: 'UserUpdate' }, 'chelsea');
    expect(await repRow('user-back', 'chelsea')).toMatchObject({ status: 'removed' });
    await owner().updateTable('reps').set({ rotation_pass: 5e9 }).where('ghl_user_id', '=', 'user-back').execute();
    await apply(created('user-back', at(6)), 'chelsea');
    // No turn is won by leaving and coming back.
    expect(await repRow('user-back', 'chelsea')).toMatchObject({ status: 'active', rotation_pass: 5e9 });
  });

  it('leaves an admin who comes back, and a rep whom an operator suspended, without leads', async () => {
    await apply(created('user-boss', { role: 'admin', ...at(9) }), 'chelsea');
    await apply(removed('user-boss', at(8)), null);
    await apply(created('user-boss', { role: 'admin', ...at(7) }), 'chelsea');
    await apply(created('user-boss', { role: 'user', ...at(6) }), 'chelsea');
    expect(await repRow('user-boss', 'chelsea')).toMatchObject({ status: 'suspended' });
  });

  it.each(['here', 'everywhere'])('counts when it happened: %s removed stays removed in both orders', async (where) => {
    const from = where === 'here' ? 'chelsea' : null;
    const [first, second] = [`user-ordered-${where}`, `user-late-${where}`];
    await apply(created(first, at(9)), 'chelsea');
    await apply(removed(first, at(8)), from);
    await apply(removed(second, at(8)), from);
    await apply(created(second, at(9)), 'chelsea');
    expect((await repRow(first, 'chelsea'))?.status).toBe('removed');
    expect((await repRow(second, 'chelsea'))?.status ?? 'never let in').toBe(from ? 'removed' : 'never let in');
    for (const id of [first, second]) await apply(created(id, at(5)), 'chelsea');
    expect([await repRow(first, 'chelsea'), await repRow(second, 'chelsea')]).toMatchObject([
      { status: 'active', name: 'Una User' },
      { status: 'active', name: 'Una User' },
    ]);
    // The removal comes again, or late: they were made since.
    for (const id of [first, second]) await apply(removed(id, at(8)), from);
    expect([await repRow(first, 'chelsea'), await repRow(second, 'chelsea')]).toMatchObject([
      { status: 'active' },
      { status: 'active' },
    ]);
  });

  it('is not lost between a removal and an update that is newer', async () => {
    await apply(created('user-between', at(9)), 'chelsea');
    await apply(removed('user-between', at(8)), 'chelsea');
    await apply({ ...created('user-between', { lastName: 'Newest', ...at(6) }), type: 'UserUpdate' }, 'chelsea');
    await apply(created('user-between', at(7)), 'chelsea');
    expect(await repRow('user-between', 'chelsea')).toMatchObject({ status: 'active', name: 'Una Newest' });
  });

  it('that is older than what was told last changes no name', async () => {
    await apply({ ...created('user-names', { lastName: 'Newer', ...at(3) }), type: 'UserUpdate' }, 'chelsea');
    await apply({ ...created('user-names', { lastName: 'Older', ...at(4) }), type: 'UserUpdate' }, 'chelsea');
    await apply(created('user-names', { lastName: 'Oldest', ...at(5) }), 'chelsea');
    expect(await repRow('user-names', 'chelsea')).toMatchObject({ status: 'active', name: 'Una Newer' });
  });

  it('keeps the removal and goes to an operator when nobody can tell the order', async () => {
    const { bench, agency } = all;
    await apply(created('user-unclear', at(9)), 'chelsea');
    await apply(removed('user-unclear', at(8)), 'chelsea');
    const event = await agency.event(created('user-unclear'), 'chelsea');
    const failure = await failureOf(run(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event }));
    expect(failure).toMatchObject({ type: 'UserOrderUnknown', nonRetryable: true });
    expect(await repRow('user-unclear', 'chelsea')).toMatchObject({ status: 'removed' });
  });

  it('of the neighbour’s user changes nothing there', async () => {
    const { agency, neighbour } = all;
    await apply({ type: 'UserDelete', id: neighbour.ghlUser('dan') }, null);
    expect(await repRow(agency.ghlUser('dan'), 'chelsea')).toMatchObject({ status: 'active' });
  });
});

describe('recordEventFailure', () => {
  it('tells an operator once', async () => {
    const { bench, agency } = all;
    const event = { eventRowId: crypto.randomUUID(), eventReceivedAt: new Date().toISOString() };
    const args = { agencyId: agency.agencyId, event, cause: 'NoMasterLocation' };
    await expectToRepeat(bench, all, bench.accounts.recordEventFailure, args);
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === event.eventRowId);
    expect(letters.map((letter) => letter.cause)).toEqual(['event:NoMasterLocation']);
  });
});

describe('recordInstallFailure', () => {
  it('leaves one dead letter', async () => {
    const { bench, agency } = all;
    const args = { agencyId: agency.agencyId, locationId: agency.location('chelsea'), cause: 'GhlForbidden' };
    await expectToRepeat(bench, all, bench.accounts.recordInstallFailure, args);
    const letters = (await agency.letters()).filter((letter) => letter.subject_id === args.locationId);
    expect(letters).toMatchObject([{ cause: 'install:GhlForbidden', capability: 'account-sync' }]);
  });
});
