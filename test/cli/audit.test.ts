import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
