import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { HISTORIES_FOLDER, RECORDING_KEYS } from './recording.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const names = (await readdir(HISTORIES_FOLDER)).filter((name) => name.endsWith('.json'));

/**
 * Replays recorded histories, all by one worker.
 * @returns what does not fit, by the history's name; undefined where all does
 */
async function replay(replayed: string[], workflowBundle: WorkflowBundleOption) {
  const dataConverter = { payloadCodecs: [createPayloadCodec(RECORDING_KEYS)] };
  const errors = new Map<string, Error | undefined>();
  const results = Worker.runReplayHistories({ workflowBundle, dataConverter }, readHistories(replayed));
  for await (const { workflowId: name, error } of results) errors.set(name, error);
  return errors;
}

async function* readHistories(read: string[]) {
  for (const name of read) {
    const history: unknown = JSON.parse(await readFile(new URL(name, HISTORIES_FOLDER), 'utf8'));
    yield { workflowId: name, history };
  }
}

/** Bundles the workflows after some files have been changed, in a copy. */
async function bundleChanged(
  changes: { file: string; before: string; after: string }[],
): Promise<WorkflowBundleOption> {
  // Inside the project, where the packages are found.
  await mkdir(join(root, '.switchyard'), { recursive: true });
  const copy = await mkdtemp(join(root, '.switchyard', 'changed-workflows-'));
  try {
    for (const folder of ['workflows', 'domain']) await cp(join(root, folder), join(copy, folder), { recursive: true });
    for (const { file, before, after } of changes) {
      const code = await readFile(join(copy, file), 'utf8');
      expect(code).toContain(before);
      await writeFile(join(copy, file), code.replace(before, after));
    }
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

  describe('replayed', () => {
    let errors: Map<string, Error | undefined>;
    beforeAll(async () => {
      errors = await replay(names, { codePath: inject('workflowBundlePath') });
    });

    it.each(names)('%s fits the code at hand', (name) => {
      expect(errors.has(name)).toBe(true);
      expect(errors.get(name)).toBeUndefined();
    });
  });

  describe('catch a change that is not deterministic', () => {
    const changes = [
      {
        file: 'workflows/lead-placement.ts',
        before: ' leads.routeLead(',
        after: ' leads.acceptLead(',
        name: 'lead-reassigned-and-won.1.json',
      },
      {
        file: 'workflows/contact-sync.ts',
        before: 'await ghl.writeContactEdits(',
        after: 'await store.recordEditFailure(',
        name: 'contact-edits-pushed.1.json',
      },
      {
        file: 'workflows/contact-merge.ts',
        before: 'await ghl.absorbContact(',
        after: 'await ghl.finishContactMerge(',
        name: 'contact-merge-done.1.json',
      },
    ];
    const untouched = 'account-user-created.1.json';
    let errors: Map<string, Error | undefined>;
    beforeAll(async () => {
      const caught = changes.map(({ name }) => name);
      errors = await replay([...caught, untouched], await bundleChanged(changes));
    });

    it.each(changes)('of $file', ({ name }) => {
      expect(errors.get(name)).toBeInstanceOf(DeterminismViolationError);
    });

    it('and nothing of a workflow that is as it was', () => {
      expect(errors.has(untouched)).toBe(true);
      expect(errors.get(untouched)).toBeUndefined();
    });
  });
});
