import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from './compose.ts';

interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { steps: { run?: string; uses?: string; with?: Record<string, unknown> }[] }>;
}

const { jobs, permissions } = parse(
  await readFile(new URL('.github/workflows/ci.yml', repository), 'utf8'),
) as Workflow;
const steps = Object.values(jobs).flatMap((job) => job.steps);

describe('CI', () => {
  it('runs the checks of the project, looks for known holes in what the image holds, and builds the image', () => {
    const commands = steps.map(({ run }) => run);
    expect(commands).toContain('.ci/run');
    expect(commands).toContain('npm audit --omit=dev --audit-level=high');
    expect(
      steps.some(
        ({ uses, with: given }) => uses?.startsWith('docker/build-push-action@') && given?.['context'] === '.',
      ),
    ).toBe(true);
  });

  it('uses actions of one major version, and may only read', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
    expect(permissions).toEqual({ contents: 'read' });
  });
});
