import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { discardDeadLetter } from '../../db/dead-letter-discard.ts';
import { countOpenLetters, findDeadLetter, groupDeadLetters, listDeadLetters } from '../../db/dead-letter-list.ts';
import { addDeadLetter, type NewDeadLetter, resolveDeadLetters } from '../../db/dead-letters.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { settleWorkflowLetters } from '../../db/stuck-workflows.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { plantTenant, type Tenant } from './plant-tenant.ts';

let database: TestDatabase;
let ours: Tenant;
let theirs: Tenant;
beforeAll(async () => {
  database = await createTestDatabase();
  ours = await plantTenant(database.ownerDb, 'ours');
  theirs = await plantTenant(database.ownerDb, 'theirs');
});
afterAll(() => database.drop());
beforeEach(() => database.ownerDb.deleteFrom('dead_letters').execute());

const add = (more: Partial<NewDeadLetter> = {}, tenant = ours) =>
  withScope(database.db, { agencyId: tenant.agencyId }, (tx) =>
    addDeadLetter(tx, {
      agencyId: tenant.agencyId,
      locationId: null,
      capability: 'lead-intake',
      cause: 'stuck',
      advice: 'test',
      subject: { kind: 'lead', id: uuidv7() },
      workflowId: null,
      ...more,
    }),
  );
const inOurs = <T>(work: Parameters<typeof withScope<T>>[2]) =>
  withScope(database.db, { agencyId: ours.agencyId }, work);
const all = () => inOurs((tx) => listDeadLetters(tx, {}, { limit: 100 }));
const discard = (id: string, now = new Date()) =>
  inOurs((tx) => discardDeadLetter(tx, id, 'nobody needs it', { actor: 'test', origin: 'cli', now }));

describe('listDeadLetters', () => {
  it('chooses by capability, start of the cause, location, subject, age and state', async () => {
    const record = { kind: 'record' as const, id: 'note:a' };
    await add({ capability: 'contact-sync', cause: 'read:GhlInvalid', subject: record, locationId: ours.nearId });
    await add({ cause: 'unroutable:X' });
    await add({ cause: 'unroutable:Y_' });
    const causes = async (filter: Parameters<typeof listDeadLetters>[1]) =>
      (await inOurs((tx) => listDeadLetters(tx, filter, { limit: 10 }))).map(({ cause }) => cause).sort();
    expect(await causes({ capability: 'contact-sync' })).toEqual(['read:GhlInvalid']);
    expect(await causes({ cause: 'unroutable:' })).toEqual(['unroutable:X', 'unroutable:Y_']);
    expect(await causes({ cause: 'unroutable:Y_' })).toEqual(['unroutable:Y_']);
    expect(await causes({ cause: '_nroutable' })).toEqual([]);
    expect(await causes({ locationId: ours.nearId })).toEqual(['read:GhlInvalid']);
    expect(await causes({ subjectId: 'note:a' })).toEqual(['read:GhlInvalid']);
    expect(await causes({ before: new Date(Date.now() - 60_000) })).toEqual([]);
    expect(await causes({ before: new Date(Date.now() + 60_000) })).toHaveLength(3);
    const [letter] = await inOurs((tx) => listDeadLetters(tx, { cause: 'unroutable:X' }, { limit: 1 }));
    await discard(letter!.id);
    await inOurs((tx) => resolveDeadLetters(tx, { subjectId: 'note:a', causePrefix: 'read:' }, 'read', new Date()));
    expect(await causes({ state: 'open' })).toEqual(['unroutable:Y_']);
    expect(await causes({ state: 'resolved' })).toEqual(['read:GhlInvalid']);
    expect(await causes({ state: 'discarded' })).toEqual(['unroutable:X']);
  });

  it('gives each letter once, page by page', async () => {
    for (let count = 0; count < 5; count += 1) await add();
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await inOurs((tx) => listDeadLetters(tx, { state: 'open' }, { after, limit: 2 }));
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
    }
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(seen).toHaveLength(5);
  });

  it('shows a location what is its own, and no tenant what is another’s', async () => {
    await add({ locationId: ours.nearId, cause: 'unroutable:near' });
    await add();
    await add({ cause: 'unroutable:theirs' }, theirs);
    const near = { agencyId: ours.agencyId, locationId: ours.nearId };
    const seen = await withScope(database.db, near, (tx) => listDeadLetters(tx, {}, { limit: 10 }));
    expect(seen.map(({ cause }) => cause)).toEqual(['unroutable:near']);
    expect((await all()).map(({ cause }) => cause).sort()).toEqual(['stuck', 'unroutable:near']);
    const [foreign] = await withScope(database.db, { agencyId: theirs.agencyId }, (tx) =>
      listDeadLetters(tx, {}, { limit: 10 }),
    );
    expect(await inOurs((tx) => findDeadLetter(tx, foreign!.id))).toBeUndefined();
    expect(await discard(foreign!.id)).toBe('unknown');
    const [untouched] = await withScope(database.db, { agencyId: theirs.agencyId }, (tx) =>
      listDeadLetters(tx, { state: 'open' }, { limit: 10 }),
    );
    expect(untouched?.id).toBe(foreign!.id);
  });
});

describe('groupDeadLetters', () => {
  it('counts by capability and cause, and puts causes together that end in an id', async () => {
    await add({ cause: `untold:GhlInvalid:${uuidv7()}` });
    await add({ cause: `untold:GhlInvalid:${uuidv7()}` });
    await add({ cause: 'stuck' });
    await add({ cause: `untold:GhlInvalid:${uuidv7()}` }, theirs);
    const groups = await inOurs((tx) => groupDeadLetters(tx, { state: 'open' }));
    expect(groups).toMatchObject([
      { capability: 'lead-intake', cause: 'untold:GhlInvalid', subjectKind: 'lead', letters: 2 },
      { cause: 'stuck', letters: 1 },
    ]);
    expect(groups[0]!.oldestAt.getTime()).toBeLessThanOrEqual(groups[0]!.newestAt.getTime());
  });
});

describe('addDeadLetter', () => {
  const subject = { kind: 'record' as const, id: 'none' };
  const unread = { capability: 'contact-sync' as const, cause: 'read:Malformed' as const, subject };

  it('makes one open letter of the same work failing for the same cause, in each tenant', async () => {
    await add(unread, theirs);
    await add(unread);
    await add(unread);
    expect(await all()).toHaveLength(1);
    const { rows } = { rows: await database.ownerDb.selectFrom('dead_letters').select('agency_id').execute() };
    expect(rows.map((row) => row.agency_id).sort()).toEqual([ours.agencyId, theirs.agencyId].sort());
  });

  it('leaves what was discarded put away when the same failure is told again, and opens another for a new one', async () => {
    const failedAt = new Date(Date.now() - 60_000);
    await add({ ...unread, failedAt });
    const [first] = await all();
    expect(await discard(first!.id)).toBe('discarded');
    await add({ ...unread, failedAt });
    expect(await all()).toHaveLength(1);
    await add({ ...unread, failedAt: new Date(Date.now() + 60_000) });
    expect((await all()).map((letter) => letter.resolution)).toEqual([null, 'discarded']);
  });
});

describe('discardDeadLetter', () => {
  it('keeps the reason with the letter alone, writes down who did it, and changes nothing when repeated', async () => {
    await add();
    const [letter] = await all();
    expect(await discard(letter!.id)).toBe('discarded');
    expect(await discard(letter!.id)).toBe('already-discarded');
    expect(await all()).toMatchObject([{ resolution: 'discarded', discard_reason: 'nobody needs it' }]);
    const acts = await database.ownerDb
      .selectFrom('audit_log')
      .selectAll()
      .where('subject', '=', `dead-letter:${letter!.id}`)
      .execute();
    expect(acts).toMatchObject([{ action: 'dead-letter.discard', actor: 'test', agency_id: ours.agencyId }]);
    expect(JSON.stringify(acts)).not.toContain('nobody needs it');
  });

  it('does not touch what is resolved', async () => {
    await add({ subject: { kind: 'lead', id: 'some' } });
    await inOurs((tx) => resolveDeadLetters(tx, { subjectId: 'some', causePrefix: 'stuck' }, 'redriven', new Date()));
    const [letter] = await all();
    expect(await discard(letter!.id)).toBe('not-open');
    expect(await all()).toMatchObject([{ resolution: 'redriven' }]);
  });
});

describe('upkeep', () => {
  it('counts what is open of all tenants, and lists what belongs to none', async () => {
    await add();
    await add({}, theirs);
    await withSystemRole(database.db, 'intake', (tx) =>
      addDeadLetter(tx, {
        agencyId: null,
        locationId: null,
        capability: 'event-intake',
        cause: 'unknown-tenant',
        advice: 'test',
        subject: { kind: 'ghl-account', id: 'ghl-1' },
        workflowId: null,
      }),
    );
    const [letter] = await all();
    await discard(letter!.id);
    expect(await withSystemRole(database.db, 'upkeep', (tx) => countOpenLetters(tx))).toEqual({
      'lead-intake': 1,
      'event-intake': 1,
    });
  });

  it('tells of workflows and settles what it told, and touches no other letter', async () => {
    const told = (subject: NewDeadLetter['subject']) =>
      withSystemRole(database.db, 'upkeep', (tx) =>
        addDeadLetter(tx, {
          agencyId: ours.agencyId,
          locationId: null,
          capability: 'poll-sync',
          cause: 'running-long',
          advice: 'test',
          subject,
          workflowId: null,
        }),
      );
    await told({ kind: 'workflow', id: 'poll-sync/x' });
    await expect(told({ kind: 'lead', id: ours.leadId })).rejects.toThrow(/row-level security/);
    await add();
    const ids = (await all()).map(({ id }) => id);
    const settle = () => withSystemRole(database.db, 'upkeep', (tx) => settleWorkflowLetters(tx, ids, new Date()));
    await settle();
    await settle();
    expect((await all()).map(({ cause, resolution }) => [cause, resolution]).sort()).toEqual([
      ['running-long', 'goes-on'],
      ['stuck', null],
    ]);
    const reasons = withSystemRole(database.db, 'upkeep', (tx) =>
      tx.selectFrom('dead_letters').select('discard_reason').execute(),
    );
    await expect(reasons).rejects.toThrow(/permission denied/);
  });
});
