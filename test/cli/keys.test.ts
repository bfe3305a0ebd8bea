import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createProgress } from '../../cli/keys/progress.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { seal, unseal } from '../../crypto/seal.ts';
import { countSealedRows } from '../../db/key-rotation.ts';
import { withScope } from '../../db/scope.ts';
import { waitFor } from '../stack/wait.ts';
import { type CliHarness, type CliRunner, createCliHarness, createCliRunner, recordTerminal } from './harness.ts';

const second = `2:${randomBytes(32).toString('base64')}`;
/** To find out that nobody answers there takes some seconds each time. */
const NO_TEMPORAL = '127.0.0.1:1';
const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/none';

/** `cli` has version 1 alone, and sealed all there is; `both` has a newer one, too. */
let cli: CliHarness;
let both: CliRunner;
let agencyId: string;
const runners: CliRunner[] = [];
const runnerWith = async (keys: string, temporalAddress = inject('temporalAddress')): Promise<CliRunner> => {
  const environment = { ...cli.environment, TEMPORAL_ADDRESS: temporalAddress, ENCRYPTION_KEYS: keys };
  const runner = await createCliRunner(environment);
  runners.push(runner);
  return runner;
};
/** Gives each test of a group an agency with a sealed token, in a database of its own. */
function plantSealedToken(): void {
  beforeEach(async () => {
    cli = await createCliHarness();
    const agency = ['--name', 'A', '--ghl-company-id', 'co'];
    ({ agencyId } = await cli.json<{ agencyId: string }>(['agency', 'create', ...agency]));
    await storeToken();
    both = await runnerWith(`${cli.environment['ENCRYPTION_KEYS']},${second}`);
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.close();
    await cli.close();
  });
}

const storeToken = (): Promise<unknown> =>
  cli.json(['installs', 'set-token', '--agency', agencyId, '--token-file', '-'], 'a-token-of-the-agency-itself');
const forgetReports = () =>
  cli.database.ownerDb
    .updateTable('encryption_key_versions')
    .set({ last_sealed_at: new Date(0) })
    .execute();
const audited = async () =>
  (await cli.json<{ action: string; subject: string; after: object }[]>(['operators', 'audit'])).reverse();
/** Many events with one body, over several pages. */
async function plantEvents(number: number): Promise<void> {
  const keys = parseKeyRing(cli.environment['ENCRYPTION_KEYS']!);
  const body = seal(keys, Buffer.from('body'), { agencyId, locationId: null, purpose: 'event-body' });
  await sql`
    insert into events (id, received_at, agency_id, source, event_id, type, status, body)
    select gen_random_uuid(), now() + make_interval(secs => number % 100), ${agencyId}, 'api', number::text, 'lead', 'accepted', ${body}
    from generate_series(1, ${number}::int) as number`.execute(cli.database.ownerDb);
}

interface Listed {
  version: number;
  state: string;
  rows: Record<string, number>;
  openWorkflows: number | null;
  retiredAt: string | null;
}

describe('keys list', () => {
  plantSealedToken();

  it('tells what each version is needed for, and which stands by, seals or is missing', async () => {
    const standby = await runnerWith(`${cli.environment['ENCRYPTION_KEYS']},${second}:standby`, NO_TEMPORAL);
    expect(await standby.json<Listed[]>(['keys', 'list'])).toMatchObject([
      { version: 1, state: 'seals', rows: { installs: 1, events: 0, refused_deliveries: 0 }, openWorkflows: null },
      { version: 2, state: 'standby', rows: { installs: 0 }, openWorkflows: 0 },
    ]);
    const newOnly = await runnerWith(second);
    expect(await newOnly.json<Listed[]>(['keys', 'list'])).toMatchObject([
      { version: 1, state: 'missing', rows: { installs: 1 } },
      { version: 2, state: 'seals' },
    ]);
    const ran = await both.run(['keys', 'list']);
    expect(ran.out).toMatch(/version +state +installs +events +refused_deliveries .*open workflows +last sealed/);
    expect(ran.out).toMatch(/\n1 +opens +1 +0 +0 +/);
  });
});

describe('keys rotate', () => {
  plantSealedToken();

  it('re-seals all rows, leaves an audit, and says what comes next', async () => {
    expect(await both.json(['keys', 'rotate'])).toMatchObject({ version: 2, resealed: 1, unreadable: 0 });
    const newOnly = await runnerWith(second);
    const [, current] = await both.json<Listed[]>(['keys', 'list']);
    expect(current).toMatchObject({ version: 2, state: 'seals', rows: { installs: 1 } });
    expect(await newOnly.run(['keys', 'rotate'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('0 rows re-sealed: all rows need version 2 now.\nNext:') as string,
    });
    const [began, ended] = await audited();
    expect(began).toMatchObject({ action: 'encryption-keys.rotate', subject: 'encryption-key:2', after: {} });
    expect(ended).toMatchObject({ action: 'encryption-keys.rotated', after: { resealed: 1, unreadable: 0 } });
  });

  it('names rows that do not open, never what is in them, and ends with 1', async () => {
    const { id } = await cli.database.ownerDb.selectFrom('installs').select('id').executeTakeFirstOrThrow();
    await cli.database.ownerDb
      .updateTable('installs')
      .set({ access_token: Buffer.from('\0\u0001a token in the clear, of all things') })
      .execute();
    const ran = await both.run(['keys', 'rotate']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain('1 cannot be read and were left as they are:');
    expect(ran.error).toContain(`installs ${id} does not open: changed, copied from another tenant`);
    expect(ran.error).not.toContain('in the clear');
    const asJson = await both.run(['keys', 'rotate', '--json']);
    expect(JSON.parse(asJson.error)).toMatchObject({ error: { code: 'unreadable-rows' } });
    expect((await audited()).at(-1)).toMatchObject({ after: { resealed: 0, unreadable: 1 } });
  });

  it('says which key a row needs that this command was not given', async () => {
    const newOnly = await runnerWith(second);
    const ran = await newOnly.run(['keys', 'rotate']);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('needs a key version that ENCRYPTION_KEYS here does not hold');
  });

  it('does not take rows back to a key that is older than what others seal with', async () => {
    await both.json(['keys', 'rotate']);
    const ran = await cli.run(['keys', 'rotate']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain('Other processes seal with version 2, and ENCRYPTION_KEYS here with version 1');
    expect(await countSealedRows(cli.database.db)).toMatchObject([{ version: 2 }]);
  });

  it('goes on after it was killed in the middle', async () => {
    const number = 6_000;
    await plantEvents(number);
    const environment = { ...cli.environment, ENCRYPTION_KEYS: `${cli.environment['ENCRYPTION_KEYS']},${second}` };
    const child: ChildProcess = spawn(process.execPath, [inject('programs')['cli/main.ts']!, 'keys', 'rotate'], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { ...process.env, ...environment, SWITCHYARD_DATA_DIR: cli.folder },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    const countNew = async (): Promise<number> => {
      const found = await sql<{ number: number }>`
        select count(*)::int as number from events where substring(body from 1 for 2) = '\\x0002'`.execute(
        cli.database.ownerDb,
      );
      return found.rows[0]!.number;
    };
    await waitFor('the first re-sealed rows', async () => (await countNew()) > 0);
    child.kill('SIGKILL');
    await ended;
    const half = await waitFor('the cut transaction to be undone', async () => {
      const first = await countNew();
      return first === (await countNew()) && first;
    });
    expect(half).toBeLessThan(number);

    const { resealed } = await both.json<{ resealed: number }>(['keys', 'rotate']);
    expect(resealed).toBe(number - half);
    expect(await countNew()).toBe(number);
    const newest = parseKeyRing(second);
    const bodies = await withScope(cli.database.db, { agencyId }, (tx) =>
      tx.selectFrom('events').select('body').execute(),
    );
    const owner = { agencyId, locationId: null, purpose: 'event-body' };
    expect(bodies.every(({ body }) => unseal(newest, body!, owner).toString() === 'body')).toBe(true);
  });
});

describe('the progress of a long command', () => {
  it.each([
    [false, 'half\nall\n'],
    [true, '{"progress":{"read":2}}\n{"progress":{"read":4}}\n'],
  ])('is told on standard error every two seconds at most; in JSON: %s', (isJson, expected) => {
    let nowMs = 0;
    const { terminal, written } = recordTerminal({ environment: {}, folder: tmpdir(), now: () => new Date(nowMs) });
    const tell = createProgress(terminal, isJson);
    for (const [atMs, read, line] of [
      [1_999, 1, 'a bit'],
      [2_000, 2, 'half'],
      [3_999, 3, 'more'],
      [4_000, 4, 'all'],
    ] as const) {
      nowMs = atMs;
      tell({ read }, line);
    }
    expect(written).toEqual({ out: '', error: expected });
  });
});

describe('keys retire', () => {
  plantSealedToken();

  it('refuses the key that seals, one that a process still seals with, and one that rows need', async () => {
    const seals = await both.run(['keys', 'retire', '2']);
    expect(seals).toMatchObject({
      code: 1,
      error: expect.stringContaining('Version 2 is the one that seals') as string,
    });

    await cli.json(['keys', 'rotate']);
    const inUse = await both.run(['keys', 'retire', '1']);
    expect(inUse).toMatchObject({ code: 1, out: '' });
    expect(inUse.error).toMatch(/A process sealed with version 1 at .+ Restart every process/);

    await forgetReports();
    const needed = await both.run(['keys', 'retire', '1']);
    expect(needed).toMatchObject({ code: 1, out: '' });
    expect(needed.error).toBe('Rows still need version 1: 1 of installs. Run keys rotate first.\n');
    expect((await audited()).map(({ action }) => action)).not.toContain('encryption-keys.retire');
  });

  it('retires nothing while Temporal cannot be asked', async () => {
    await both.json(['keys', 'rotate']);
    const alone = await runnerWith(`${cli.environment['ENCRYPTION_KEYS']},${second}`, NO_TEMPORAL);
    const ran = await alone.run(['keys', 'retire', '1']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain('Temporal does not answer at 127.0.0.1:1: nothing was done.');
  });
});

describe('a version on the command line', () => {
  it.each([['0'], ['x'], ['65536']])('is not understood when it is %s', async (version) => {
    const runner = await createCliRunner({ ENCRYPTION_KEYS: second, DATABASE_URL: NO_DATABASE });
    expect(await runner.run(['keys', 'retire', version])).toMatchObject({ code: 2 });
    await runner.close();
  });
});
