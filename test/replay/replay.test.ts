import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { HISTORIES_FOLDER, RECORDING_KEYS } from './recording.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const names = (await readdir(HISTORIES_FOLDER)).filter((name) => name.endsWith('.json'));

async function replay(name: string, workflowBundle: WorkflowBundleOption): Promise<void> {
  const history: unknown = JSON.parse(await readFile(new URL(name, HISTORIES_FOLDER), 'utf8'));
  const dataConverter = { payloadCodecs: [createPayloadCodec(RECORDING_KEYS)] };
  await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, name);
}

/** Bundles the workflows after one file has been changed, in a copy. */
async function bundleChanged(file: string, change: (code: string) => string): Promise<WorkflowBundleOption> {
  // Inside the project, where the packages are found.
  await mkdir(join(root, '.switchyard'), { recursive: true });
  const copy = await mkdtemp(join(root, '.switchyard', 'changed-workflows-'));
  try {
    for (const folder of ['workflows', 'domain']) await cp(join(root, folder), join(copy, folder), { recursive: true });
    const before = await readFile(join(copy, file), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(join(copy, file), after);
    return await bundleWorkflowCode({
      workflowsPath: join(copy, 'workflows/index.ts'),
      workflowInterceptorModules: [join(copy, 'workflows/trace-headers.ts')],
      logger: new DefaultLogger('ERROR'),
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

describe('recorded histories', () => {
  it('are there for every workflow', () => {
    for (const start of [
      'lead-',
      'account-',
      'agency-connect',
      'credential-',
      'backfill-contacts',
      'backfill-run',
      'backfill-conversations',
      'poll-',
      'contact-edits-',
      'contact-conflict-',
      'contact-changes-',
      'contact-merge',
      'field-mapping-',
      'notification-',
    ]) {
      expect(names.filter((name) => name.startsWith(start)).length).toBeGreaterThan(0);
    }
  });

  it.each(names)('%s replays against the code at hand', async (name) => {
    await replay(name, { codePath: inject('workflowBundlePath') });
  });

  it.each([
    ['lead-placement.ts', 'return leads.routeLead(', 'return leads.acceptLead(', 'lead-reassigned-and-won.1.json'],
    [
      'contact-sync.ts',
      'await ghl.writeContactEdits(',
      'await store.recordEditFailure(',
      'contact-edits-pushed.1.json',
    ],
    ['contact-merge.ts', 'await ghl.absorbContact(', 'await ghl.finishContactMerge(', 'contact-merge-done.1.json'],
  ])('catch a change of %s that is not deterministic', async (file, before, after, name) => {
    const swapped = await bundleChanged(`workflows/${file}`, (code) => code.replace(before, after));
    await expect(replay(name, swapped)).rejects.toThrow(DeterminismViolationError);
  });
});
