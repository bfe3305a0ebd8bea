import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { createAgency } from '../../db/agencies.ts';
import { audit, findBrokenAuditLink, listAuditEntries } from '../../db/audit-log.ts';
import { withScope } from '../../db/scope.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';

let database: TestDatabase;
let agencyId: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  agencyId = uuidv7();
  await withScope(database.db, { agencyId }, (tx) => createAgency(tx, { id: agencyId, name: 'A', ghlCompanyId: null }));
});

const add = (subject: string) =>
  withScope(database.db, { agencyId }, (tx) =>
    audit(tx, { agencyId, actor: 'test', action: 'act', subject, before: { n: 1 }, after: { n: 2 }, origin: 'cli' }),
  );
const broken = () => withScope(database.db, { agencyId }, (tx) => findBrokenAuditLink(tx, agencyId));
const list = () =>
  withScope(database.db, { agencyId }, (tx) => listAuditEntries(tx, { agencyId, subject: undefined, limit: 1_000 }));
const addFive = async () => {
  for (const subject of ['a', 'b', 'c', 'd', 'e']) await add(subject);
};

describe('the audit log', () => {
  it('is one unbroken chain, however many write at once', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, turn) => add(`subject:${turn}`)));
    const entries = await list();
    expect(entries.map((entry) => Number(entry.sequence))).toEqual(Array.from({ length: 60 }, (_, turn) => 60 - turn));
    for (const [index, entry] of entries.slice(0, -1).entries()) {
      expect(entry.previous_hash.equals(entries[index + 1]!.hash)).toBe(true);
    }
    expect(await broken()).toBeUndefined();
  });

  it('has a chain for each agency', async () => {
    await addFive();
    const first = agencyId;
    agencyId = uuidv7();
    await withScope(database.db, { agencyId }, (tx) =>
      createAgency(tx, { id: agencyId, name: 'B', ghlCompanyId: null }),
    );
    await add('x');
    expect((await list()).map((entry) => entry.sequence)).toEqual(['1']);
    agencyId = first;
    expect(await list()).toHaveLength(5);
    expect(await broken()).toBeUndefined();
  });

  it('leaves no gap when a transaction is undone', async () => {
    await add('a');
    const undone = withScope(database.db, { agencyId }, async (tx) => {
      await audit(tx, { agencyId, actor: 'test', action: 'act', subject: 'gone', origin: 'cli' });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    await add('b');
    expect((await list()).map((entry) => entry.subject)).toEqual(['b', 'a']);
    expect(await broken()).toBeUndefined();
  });

  it.each([
    ['changed', sql`update audit_log set actor = 'x'`],
    ['deleted', sql`delete from audit_log`],
    ['emptied', sql`truncate audit_log`],
  ])('cannot be %s by the app, nor can its heads', async (_, statement) => {
    await addFive();
    const scoped = (query: typeof statement) => withScope(database.db, { agencyId }, (tx) => query.execute(tx));
    await expect(scoped(statement)).rejects.toMatchObject({ code: '42501' });
    await expect(scoped(sql`update audit_heads set sequence = 0`)).rejects.toMatchObject({ code: '42501' });
    expect(await list()).toHaveLength(5);
  });

  it('numbers and hashes rows itself, whatever the app says', async () => {
    await add('a');
    await withScope(database.db, { agencyId }, (tx) =>
      tx
        .insertInto('audit_log')
        .values({
          id: uuidv7(),
          agency_id: agencyId,
          actor: 'x',
          action: 'x',
          subject: 'x',
          origin: 'x',
          sequence: '77',
          hash: Buffer.alloc(32),
          previous_hash: Buffer.alloc(32),
        })
        .execute(),
    );
    expect((await list()).map((entry) => entry.sequence)).toEqual(['2', '1']);
    expect(await broken()).toBeUndefined();
  });

  it.each([
    ['a changed actor', sql`update audit_log set actor = 'nobody' where sequence = 3`, '3'],
    ['a changed detail', sql`update audit_log set after = '{"n": 3}' where sequence = 2`, '2'],
    ['a changed time', sql`update audit_log set at = at + interval '1 second' where sequence = 4`, '4'],
    ['a removed row', sql`delete from audit_log where sequence = 3`, '4'],
    ['removed last rows', sql`delete from audit_log where sequence > 3`, '5'],
    ['all rows removed', sql`delete from audit_log`, '5'],
  ])('shows %s that the owner of the database made', async (_, statement, sequence) => {
    await addFive();
    await statement.execute(database.ownerDb);
    expect(await broken()).toBe(sequence);
  });

  it('shows a row that was hashed anew after it was changed, by the row that follows', async () => {
    await addFive();
    const forge = sql`update audit_log set actor = 'nobody' where agency_id = ${agencyId} and sequence = 3`;
    await forge.execute(database.ownerDb);
    await sql`update audit_log set hash = audit_row_hash(audit_log) where agency_id = ${agencyId} and sequence = 3`.execute(
      database.ownerDb,
    );
    expect(await broken()).toBe('4');
  });
});
