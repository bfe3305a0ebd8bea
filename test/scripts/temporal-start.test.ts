import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProcessEndedError } from '../../scripts/stack/process.ts';
import { resolveTemporalBinary } from '../../scripts/stack/temporal-binary.ts';
import { startTemporal } from '../../scripts/stack/temporal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temporal-start-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Temporal's program, which first fails as often as is said, with these words. */
async function failing(times: number, words: string): Promise<void> {
  const program = join(folder, 'program');
  const starts = join(folder, 'starts');
  const script = [
    '#!/bin/sh',
    `echo start >> '${starts}'`,
    `if [ "$(wc -l < '${starts}')" -le ${times} ]; then echo '${words}'; exit 1; fi`,
    `exec '${await resolveTemporalBinary(() => {})}' "$@"`,
  ];
  await writeFile(program, `${script.join('\n')}\n`);
  await chmod(program, 0o755);
  vi.stubEnv('TEMPORAL_CLI_PATH', program);
}
const countStarts = async () => (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').length;
const start = () =>
  startTemporal({
    dataDir: folder,
    port: 0,
    namespace: 'default',
    searchAttributes: [],
    inMemory: true,
    log: () => {},
  });
const PORT_LOST = 'failed listening for HTTP API on 127.0.0.1:43203: bind: address already in use';

describe('Temporal’s server', () => {
  it('is started again when somebody took one of its ports a moment before it did', async () => {
    await failing(2, PORT_LOST);
    const temporal = await start();
    await temporal.stop();
    expect(await countStarts()).toBe(3);
  });

  it('is given up when that goes on, and at once when it ends for another reason', async () => {
    await failing(9, PORT_LOST);
    await expect(start()).rejects.toThrow('address already in use');
    expect(await countStarts()).toBe(3);
    await failing(9, 'unable to open database file');
    await expect(start()).rejects.toThrow(ProcessEndedError);
    expect(await countStarts()).toBe(4);
  });
});
