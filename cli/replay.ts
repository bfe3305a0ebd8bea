import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { isGrpcServiceError } from '@temporalio/client';
import { createPayloadCodec } from '../crypto/payload-codec.ts';
import { findPayloadKeyVersions } from '../crypto/payload-versions.ts';
import { auditOperator } from '../db/operators.ts';
import { withSystemRole } from '../db/scope.ts';
import { perform } from './command.ts';
import { CommandError } from './failure.ts';
import { text } from './inputs.ts';
import type { Answer } from './output.ts';
import type { Session } from './session.ts';

const input = z.object({
  workflow: text(1_000),
  runId: text(100).optional(),
  save: z.string().min(1).optional(),
});

/** Of gRPC. */
const NOT_FOUND = 5;
/** A dead Temporal would keep the command waiting for 18 s. */
const FETCH_DEADLINE_MS = 10_000;

export function addReplayCommand(program: Command, session: Session): void {
  const replay = program
    .command('replay')
    .description('replay a workflow’s history against the code at hand: does it still do what it did?')
    .argument('<workflow>', 'the workflow’s id, or a .json file with a saved history')
    .option('--run-id <id>', 'an earlier run of it (default: the latest)')
    .addOption(
      new Option('--save <file>', 'write the history, decrypted: ids and codes, as workflows are given nothing else'),
    );
  perform(replay, session, input, (given) => replayWorkflow(session, given));
}

async function replayWorkflow(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { workflow, save } = given;
  // Loading Temporal's worker takes a second, which no other command must wait for.
  const { findWorkflowId, openHistory, parseHistory, replayHistory, writeHistory } =
    await import('./replay/history.ts');
  const { ENCRYPTION_KEYS: keys, WORKFLOW_BUNDLE_PATH: bundlePath } = await session.config();
  const history = workflow.endsWith('.json')
    ? parseHistory(await readSaved(resolve(session.terminal.folder, workflow)))
    : await fetchHistory(session, workflow, given.runId);
  // A history that was saved is open, and nothing of it is noted again.
  const isSealed = findPayloadKeyVersions(history).size > 0;
  if (isSealed)
    await noteDecryption(session, { workflowId: findWorkflowId(history) ?? workflow, isSaved: save !== undefined });
  const opened = await openHistory(history, createPayloadCodec(keys));
  if (save !== undefined)
    await writeFile(resolve(session.terminal.folder, save), writeHistory(opened), { mode: 0o600 });
  const events = opened.events?.length ?? 0;
  const violation = await replayHistory(opened, workflow, bundlePath);
  if (violation !== undefined) {
    const advice = 'Running workflows like it would stop: keep the old path behind patched().';
    throw new CommandError(
      'not-deterministic',
      `The code at hand does not replay this history. ${advice}\n${violation}`,
    );
  }
  return { data: { workflow, events, deterministic: true }, text: `OK: ${events} events replay as they happened.` };
}

/** Whose history is opened, and by whom: written before it is, as for every payload that the API opens. */
async function noteDecryption(session: Session, of: { workflowId: string; isSaved: boolean }): Promise<void> {
  const act = { actor: session.actor, origin: 'cli', action: 'history.decrypt', subject: `workflow:${of.workflowId}` };
  await withSystemRole(await session.db(), 'operators', (tx) =>
    auditOperator(tx, { ...act, after: { saved: of.isSaved } }),
  );
}

async function readSaved(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new CommandError('file', `${file} cannot be read as a saved history.`);
  }
}

async function fetchHistory(session: Session, workflowId: string, runId: string | undefined) {
  const { temporal } = await session.client();
  try {
    return await temporal.withDeadline(Date.now() + FETCH_DEADLINE_MS, () =>
      temporal.workflow.getHandle(workflowId, runId).fetchHistory(),
    );
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) {
      throw new CommandError(
        'unknown-workflow',
        `Temporal has no workflow ${workflowId}; its history may have been kept no longer.`,
      );
    }
    throw error;
  }
}
