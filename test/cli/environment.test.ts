import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeEnvironment } from '../../cli/environment.ts';
import { runCommand } from '../../cli/run.ts';
import { type CliHarness, createCliHarness, recordTerminal } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await createCliHarness();
  await mkdir(join(cli.folder, '.switchyard'));
  await cli.file('.switchyard/environment.json', JSON.stringify(cli.environment));
});
afterAll(() => cli.close());

const run = async (environment: Record<string, string>) => {
  const { terminal, written } = recordTerminal({ environment, folder: cli.folder });
  return { code: await runCommand(['agency', 'create', '--name', 'A'], terminal), ...written };
};

describe('the environment of a command', () => {
  it('comes from the running stack’s file when nothing is set', async () => {
    expect(await run({})).toMatchObject({ code: 0, error: '' });
    expect(await run({ DATABASE_URL: '' })).toMatchObject({ code: 0 });
  });

  it('is never mixed from two systems', async () => {
    const ran = await run({ DATABASE_URL: 'postgres://somebody@elsewhere/production' });
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('ENCRYPTION_KEYS is missing');
    expect(ran.error).toContain('was not used, because DATABASE_URL is set to another system');
  });

  it('lets what names no system be set beside the file', async () => {
    const { variables } = await completeEnvironment({ LOG_LEVEL: 'debug' }, cli.folder);
    expect(variables).toMatchObject({ LOG_LEVEL: 'debug', DATABASE_URL: cli.database.url });
  });

  it('says what is missing and what to do where there is no stack', async () => {
    const ran = await run({ SWITCHYARD_DATA_DIR: 'elsewhere' });
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('DATABASE_URL is missing');
    expect(ran.error).toContain('npm start');
  });

  it('does not guess at a file that cannot be read', async () => {
    await mkdir(join(cli.folder, 'broken'));
    await writeFile(join(cli.folder, 'broken', 'environment.json'), '{');
    expect(await run({ SWITCHYARD_DATA_DIR: 'broken' })).toMatchObject({ code: 2 });
  });
});

describe('a server that is away', () => {
  it('is named together with what to do', async () => {
    const away = { ...cli.environment, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c', SWITCHYARD_DATA_DIR: 'none' };
    const ran = await run(away);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain('Postgres does not answer at DATABASE_URL');
  });
});
