import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WORKFLOW_SOURCES } from '../worker/workflow-code.ts';
import { writeFile } from 'node:fs/promises';
import type { Log } from '../scripts/stack/progress.ts';
import { judgeProof, type ProofResult } from './mirror/judge.ts';
import { type ProofRun, runProof } from './mirror/run.ts';
import { startProofStack } from './mirror/stack.ts';
import { scaleTime } from './mirror/time-scale.ts';

export interface MirrorOptions extends Omit<ProofRun, 'time' | 'timeoutMs' | 'kills' | 'dropRate' | 'duplicateRate'> {
  seed: string;
  factor: number;
  timeoutMinutes: number;
}

/** The whole proof in a system of its own, which is removed afterwards; see docs/performance.md. */
export async function measureMirror(options: MirrorOptions, log: Log): Promise<ProofResult> {
  const { seed, factor, timeoutMinutes, ...size } = options;
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-mirror-'));
  try {
    const bundlePath = join(folder, 'workflow-bundle.js');
    const { code } = await bundleWorkflowCode({ ...WORKFLOW_SOURCES, logger: new DefaultLogger('ERROR') });
    await writeFile(bundlePath, code);
    const common = { folder: join(folder, 'stack'), bundlePath, seed, factor, log };
    const stack = await startProofStack({ ...common, logLevel: 'warn' });
    try {
      const faults = { kills: 2 as const, dropRate: 0.05, duplicateRate: 0.05 };
      const run = { ...size, ...faults, time: scaleTime(factor), timeoutMs: timeoutMinutes * 60_000 };
      const outcome = await runProof(stack, run, log);
      try {
        return await judgeProof(stack, outcome, run);
      } finally {
        await outcome.quiet.close();
      }
    } finally {
      await stack.stop();
    }
  } finally {
    if (process.env['KEEP_PROOF'] === undefined) await rm(folder, { recursive: true, force: true });
  }
}
