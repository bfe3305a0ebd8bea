import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../db/schema.ts';
import { withSystemRole } from '../../db/scope.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());

describe('agency list', () => {
  it('names all agencies to who knows none, and says which are connected', async () => {
    const create = (name: string) => cli.json<{ agencyId: string }>(['agency', 'create', '--name', name]);
    const [lone, joined] = [await create('Lone'), await create('Joined')];
    const install = (status: 'active' | 'needs_reauth', purpose: 'locations' | 'provisioning') => ({
      ...{ id: uuidv7(), agency_id: joined.agencyId, kind: 'oauth' as const, user_type: 'Company' as const },
      ...{ purpose, status, access_token: Buffer.from('sealed') },
    });
    const installs = [install('active', 'locations'), install('needs_reauth', 'provisioning')];
    await cli.database.ownerDb.insertInto('installs').values(installs).execute();
    const { agencies } = await cli.json<{ agencies: { id: string }[] }>(['agency', 'list']);
    expect(agencies.find(({ id }) => id === lone.agencyId)).toMatchObject({ name: 'Lone', connected: 0 });
    expect(agencies.find(({ id }) => id === joined.agencyId)).toMatchObject({ connected: 1, disconnected: 1 });
    const { out } = await cli.run(['agency', 'list']);
    expect(out).toMatch(new RegExp(`${lone.agencyId} +Lone +- +no `));
    expect(out).toMatch(new RegExp(`${joined.agencyId} +Joined +- +yes +1 +1 `));
  });

  it('is by a role that sees of an agency no more than that', async () => {
    for (const statement of [
      (tx: Transaction<Database>) => tx.selectFrom('locations').selectAll().execute(),
      (tx: Transaction<Database>) => tx.selectFrom('installs').select('access_token').execute(),
      (tx: Transaction<Database>) => tx.updateTable('agencies').set({ name: 'x' }).execute(),
    ]) {
      const refused = withSystemRole(cli.database.db, 'operators', (tx): Promise<unknown> => statement(tx));
      await expect(refused).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('agency create', () => {
  it('makes the agency with its master location and says what comes next', async () => {
    const ran = await cli.run(['agency', 'create', '--name', 'Acme', '--ghl-company-id', 'comp-1']);
    expect(ran).toMatchObject({ code: 0, error: '' });
    const agencyId = ran.out.split('\n')[0]!;
    expect(ran.out).toContain('locations import');
    const locations = await cli.json<object[]>(['locations', 'list', '--agency', agencyId]);
    expect(locations).toMatchObject([{ kind: 'master', name: 'Acme', intake: true, liveAt: null, parentId: null }]);
  });

  it('is audited under the name of whoever typed it', async () => {
    const { agencyId } = await cli.createAgency('Audited');
    const entries = await cli.json<object[]>(['audit', 'list', '--agency', agencyId]);
    expect(entries).toMatchObject([
      { actor: 'cli:tester', origin: 'cli', action: 'agency.create', subject: `agency:${agencyId}` },
    ]);
  });

  it('refuses a GHL company that belongs to another agency, and leaves nothing behind', async () => {
    const count = async () => {
      const rows = await cli.database.ownerDb.selectFrom('agencies').select('id').execute();
      return rows.length;
    };
    await cli.json(['agency', 'create', '--name', 'First', '--ghl-company-id', 'comp-2']);
    const before = await count();
    const ran = await cli.run(['agency', 'create', '--name', 'Second', '--ghl-company-id', 'comp-2']);
    expect(ran).toMatchObject({ code: 1, out: '', error: 'This GHL company belongs to an agency already.\n' });
    expect(await count()).toBe(before);
  });

  it.each([
    [['agency', 'create'], '--name'],
    [['agency', 'create', '--name', ' '], '--name: must not be empty'],
    [['agency', 'create', '--name', 'a\nb'], '--name: must be one line'],
    [['agency', 'create', '--name', 'A', '--ghl-company-id', 'a b'], '--ghl-company-id: wanted is an id of GHL'],
    [['agency', 'creat'], 'unknown command'],
  ])('does not understand %j', async (args, message) => {
    const ran = await cli.run(args);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });
});

describe('every command', () => {
  it('refuses an agency that is not there', async () => {
    const agencyId = '01890a5d-ac96-774b-bcce-b302099a8057';
    const ran = await cli.run(['locations', 'list', '--agency', agencyId]);
    expect(ran).toMatchObject({ code: 1, error: `There is no agency ${agencyId}.\n` });
  });

  it('takes the agency in capitals, for ids are pasted from anywhere', async () => {
    const { agencyId } = await cli.createAgency();
    expect((await cli.run(['locations', 'list', '--agency', agencyId.toUpperCase()])).code).toBe(0);
  });

  it('says in JSON what went wrong when JSON was asked for', async () => {
    const ran = await cli.run(['locations', 'list', '--agency', 'nonsense', '--json']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.error)).toMatchObject({ error: { code: 'input' } });
  });

  it('prints help without a database or keys', async () => {
    const elsewhere = await cli.run(['locations', 'import', '--help']);
    expect(elsewhere.code).toBe(0);
    expect(elsewhere.out).toContain('ghl_location_id');
    expect(elsewhere.out).toContain('lead_max_age_hours');
  });
});
