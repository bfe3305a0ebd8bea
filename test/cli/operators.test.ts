import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOperatorSecret } from '../../crypto/operator-secret.ts';
import { findOperator } from '../../db/operators.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import { type CliHarness, createCliHarness, createCliRunner } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());

interface Made {
  id: string;
  url: string;
  token: string;
  expiresAt: string;
}
const make = (...args: string[]) => cli.json<Made>(['operators', ...args]);
const secretOf = (link: Made): string => link.url.split('/').at(-1)!;
const operatorOf = (token: string) =>
  withSystemRole(cli.database.db, 'operators', (tx) => findOperator(tx, 'token', hashOperatorSecret(token)));
const stored = () => cli.database.ownerDb.selectFrom('operator_credentials').selectAll().execute();

describe('operators', () => {
  it('makes a link of 15 minutes to the API, shows it once, and stores only its hash', async () => {
    const link = await make('sign-in-link', '--name', 'Ann');
    expect(link.url).toMatch(/^http:\/\/127\.0\.0\.1:3000\/sign-in\/swo_[\w-]{43}$/);
    const minutes = (Date.parse(link.expiresAt) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14);
    expect(minutes).toBeLessThanOrEqual(15);
    const shown = await cli.json<object[]>(['operators', 'list']);
    const audited = await cli.json(['operators', 'audit']);
    expect(JSON.stringify([await stored(), shown, audited])).not.toContain(secretOf(link).slice(4));
    expect(shown).toMatchObject([{ id: link.id, name: 'Ann', kind: 'link', state: 'valid' }]);
    expect(audited).toMatchObject([
      { actor: 'cli:tester', action: 'operator-link.create', subject: `operator-credential:${link.id}`, origin: 'cli' },
    ]);
  });

  it.each([
    [{ API_PUBLIC_URL: 'https://switchyard.example/' }, 'https://switchyard.example/sign-in/swo_'],
    [{ API_HOST: '0.0.0.0', API_PORT: '3100' }, 'http://127.0.0.1:3100/sign-in/swo_'],
    [{ API_HOST: '::1' }, 'http://[::1]:3000/sign-in/swo_'],
  ])('makes links to where browsers reach the API: %j', async (variables, start) => {
    const elsewhere = await createCliRunner({ ...cli.environment, ...variables });
    const ran = await elsewhere.run(['operators', 'sign-in-link', '--name', 'Ann']);
    expect(ran.out).toContain(start);
    await elsewhere.close();
  });

  it.each(['https://switchyard.example/path', 'https://user@switchyard.example', 'ftp://switchyard.example', 'here'])(
    'does not take %s for the origin of the API',
    async (address) => {
      const elsewhere = await createCliRunner({ ...cli.environment, API_PUBLIC_URL: address });
      const ran = await elsewhere.run(['operators', 'sign-in-link', '--name', 'Ann']);
      expect(ran.code).toBe(1);
      expect(ran.error).toContain('API_PUBLIC_URL');
      await elsewhere.close();
    },
  );

  it('makes a token for Temporal’s CLI, which ends after its time', async () => {
    const { id, token, expiresAt } = await make('token', '--name', 'Bea', '--expires', '30d');
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    expect(await operatorOf(token)).toEqual({ credentialId: id, operator: 'Bea' });
    const ran = await cli.run(['operators', 'token', '--name', 'Bea']);
    expect(ran.out).toContain('TEMPORAL_CODEC_ENDPOINT=http://127.0.0.1:3000/codec');
    expect(ran.out).toMatch(/TEMPORAL_CODEC_AUTH='Bearer swo_/);
    const over = new Date(Date.now() - 1_000);
    await cli.database.ownerDb
      .updateTable('operator_credentials')
      .set({ expires_at: over })
      .where('id', '=', id)
      .execute();
    expect(await operatorOf(token)).toBeUndefined();
    const shown = await cli.json<{ id: string }[]>(['operators', 'list']);
    expect(shown.find((each) => each.id === id)).toMatchObject({ state: 'expired' });
  });

  it('revokes one by its id, or all of one operator, at once', async () => {
    const first = await make('token', '--name', 'Cid');
    const second = await make('token', '--name', 'Cid');
    const third = await make('token', '--name', 'Cid');
    expect((await cli.run(['operators', 'revoke', first.id])).code).toBe(0);
    expect(await operatorOf(first.token)).toBeUndefined();
    expect(await operatorOf(second.token)).toBeDefined();
    const { revoked } = await cli.json<{ revoked: string[] }>(['operators', 'revoke', '--name', 'Cid']);
    expect(revoked.sort()).toEqual([second.id, third.id].sort());
    expect(await operatorOf(third.token)).toBeUndefined();
    expect(await cli.run(['operators', 'revoke', first.id])).toMatchObject({ code: 1 });
  });

  it('keeps what operators did in a chain of its own that shows a change', async () => {
    const whole = await cli.run(['operators', 'audit', '--verify']);
    expect(whole).toMatchObject({ code: 0, out: 'The log is whole.\n' });
    const { agencyId } = await cli.createAgency();
    const ofAgency = await cli.json<{ action: string }[]>(['audit', 'list', '--agency', agencyId]);
    expect(ofAgency.some(({ action }) => action.startsWith('operator'))).toBe(false);
    const change = cli.database.ownerDb.updateTable('audit_log').set({ actor: 'cli:nobody' });
    await change.where('sequence', '=', '2').where('action', 'like', 'operator%').execute();
    const broken = await cli.run(['operators', 'audit', '--verify']);
    expect(broken.code).toBe(1);
    expect(broken.error).toContain('row 2 does not fit');
  });

  it('leaves no tenant’s scope a way to credentials or to the chain', async () => {
    const { agencyId } = await cli.createAgency();
    const inScope = (table: 'operator_credentials' | 'audit_log') =>
      withScope(cli.database.db, { agencyId }, (tx) => tx.selectFrom(table).selectAll().execute());
    await expect(inScope('operator_credentials')).rejects.toMatchObject({ code: '42501' });
    for (const entry of (await inScope('audit_log')) as { agency_id: string }[]) expect(entry.agency_id).toBe(agencyId);
    const tenants = withSystemRole(cli.database.db, 'operators', (tx) =>
      tx.selectFrom('audit_log').select('agency_id').distinct().execute(),
    );
    expect(await tenants).toEqual([{ agency_id: '00000000-0000-0000-0000-000000000000' }]);
  });

  it.each([
    [['sign-in-link', '--name', 'A', '--minutes', '0'], '--minutes: at least 1'],
    [['token', '--name', 'A', '--expires', '91d'], '--expires: at most 90d'],
    [['revoke'], '--name: wanted is either an id or a name'],
  ])('does not understand %j', async (args, message) => {
    const ran = await cli.run(['operators', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });
});
