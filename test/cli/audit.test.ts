import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDeadLetter } from '../../db/dead-letters.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());

describe('audit verify', () => {
  it('finds the log whole, and the row that somebody changed as the owner', async () => {
    const { agencyId } = await cli.createAgency();
    for (const name of ['A', 'B', 'C']) await cli.json(['locations', 'add', '--agency', agencyId, '--name', name]);
    const verify = () => cli.run(['audit', 'verify', '--agency', agencyId]);
    expect(await verify()).toMatchObject({ code: 0, out: 'The log is whole.\n' });
    await sql`update audit_log set actor = 'nobody' where agency_id = ${agencyId} and sequence = 2`.execute(
      cli.database.ownerDb,
    );
    expect(await verify()).toMatchObject({ code: 1, out: '' });
    expect((await verify()).error).toContain('row 2 does not fit');
  });
});

describe('dead-letters unclaimed', () => {
  it('shows the letters of no known agency, and none of an agency', async () => {
    const letter = {
      locationId: null,
      capability: 'event-intake',
      cause: 'unknown-tenant',
      advice: 'Add the location.',
      workflowId: null,
    };
    const { agencyId } = await cli.createAgency();
    await withSystemRole(cli.database.db, 'intake', (tx) =>
      addDeadLetter(tx, { ...letter, agencyId: null, subject: { kind: 'ghl-location', id: 'nobodys-location' } }),
    );
    await withScope(cli.database.db, { agencyId }, (tx) =>
      addDeadLetter(tx, { ...letter, agencyId, subject: { kind: 'ghl-location', id: 'somebodys-location' } }),
    );
    const { code, out } = await cli.run(['dead-letters', 'unclaimed']);
    expect(code).toBe(0);
    expect(out).toContain('nobodys-location');
    expect(out).not.toContain('somebodys-location');
  });
});

describe('dead-letters list', () => {
  it('shows what waits for an operator with what can be done, and what is resolved on request', async () => {
    const { agencyId } = await cli.createAgency();
    const letter = (cause: string) =>
      withScope(cli.database.db, { agencyId }, (tx) =>
        addDeadLetter(tx, {
          agencyId,
          locationId: null,
          capability: 'lead-intake',
          cause,
          advice: 'Connect the account.',
          subject: { kind: 'lead', id: uuidv7() },
          workflowId: null,
        }),
      );
    await letter('first');
    await letter('second');
    await cli.database.ownerDb
      .updateTable('dead_letters')
      .set({ resolved_at: new Date(), resolution: 'redriven' })
      .where('cause', '=', 'first')
      .execute();
    const open = await cli.run(['dead-letters', 'list', '--agency', agencyId]);
    expect(open.out).toContain('Connect the account.');
    expect(open.out).not.toContain('first');
    expect((await cli.run(['dead-letters', 'list', '--agency', agencyId, '--all'])).out).toContain(
      'resolved: redriven',
    );
    const other = await cli.createAgency('Other');
    expect((await cli.run(['dead-letters', 'list', '--agency', other.agencyId])).out).toBe('There are none.\n');
  });
});
