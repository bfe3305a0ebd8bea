import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemporalProgram } from './temporal-programs.ts';
import { runTool } from './tool.ts';

/** The SDK could not download the program. */
export class SdkDownloadError extends Error {
  readonly code = 'SdkDownload';
  constructor(message: string) {
    super(message);
    this.name = 'SdkDownloadError';
  }
}

/**
 * The SDK downloads a server only as part of starting it, without a deadline and with no way to cancel: so that runs
 * in a process that can be killed. Arguments: server, version, folder.
 */
const DOWNLOADER = `
import { TestWorkflowEnvironment } from '@temporalio/testing';
const [kind, version, downloadDir] = process.argv.slice(1);
const server = { executable: { type: 'cached-download', version, downloadDir } };
try {
  const start = kind === 'dev-server' ? TestWorkflowEnvironment.createLocal : TestWorkflowEnvironment.createTimeSkipping;
  const environment = await start.call(TestWorkflowEnvironment, { server });
  await environment.teardown();
} catch (error) {
  console.error(error.message.split(/\\r?\\n/)[0]);
  process.exit(1);
}
`;

/**
 * Has Temporal's SDK download a program from Temporal's own host.
 * @returns the program's bytes
 * @throws SdkDownloadError when the host cannot be reached or `timeoutMs` pass
 */
export async function downloadBySdk(program: TemporalProgram, timeoutMs: number): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-sdk-'));
  try {
    const args = ['--input-type=module', '-e', DOWNLOADER, program.sdkServer, `v${program.version}`, folder];
    // The module is resolved from the working directory.
    const cwd = join(import.meta.dirname, '..', '..');
    const { code, output } = await runTool(process.execPath, args, { cwd, timeoutMs });
    const [file] = await readdir(folder);
    if (code === null) throw new SdkDownloadError(`no success within ${Math.round(timeoutMs / 1000)} s`);
    if (code !== 0 || file === undefined) throw new SdkDownloadError(output.trim().split(': ').at(-1) || 'no reason');
    return await readFile(join(folder, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
