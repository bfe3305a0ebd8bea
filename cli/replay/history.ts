import { IllegalStateError, type Payload, type PayloadCodec } from '@temporalio/common';
import { type History, historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { getWorkflowCode } from './workflow-code.ts';

const isPayload = (value: object): value is Payload =>
  'metadata' in value && 'data' in value && typeof value.metadata === 'object' && value.metadata !== null;

/** The history with every payload decrypted, wherever an event holds one. */
export async function openHistory(history: History, codec: PayloadCodec): Promise<History> {
  return (await openWithin(history, codec)) as History;
}

async function openWithin(value: unknown, codec: PayloadCodec): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((each) => openWithin(each, codec)));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (isPayload(value)) return (await codec.decode([value]))[0];
  if (Object.getPrototypeOf(value) !== Object.prototype && 'low' in value && 'high' in value) return value;
  const opened: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) opened[name] = await openWithin(each, codec);
  return opened;
}

/** @throws Error when it is no history in JSON */
export const parseHistory = (json: unknown): History => historyFromJSON(json);

/** Which workflow a history is of, as its first event says. */
export const findWorkflowId = (history: History): string | undefined =>
  history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? undefined;

/** As `temporal workflow show --output json` writes it. */
export const writeHistory = (history: History): string => `${historyToJSON(history)}\n`;

/**
 * Replays an opened history against the workflows of this program.
 * @param bundlePath where they are bundled already
 * @returns what does not fit; undefined when it all does
 */
export async function replayHistory(
  history: History,
  workflowId: string,
  bundlePath: string | undefined,
): Promise<string | undefined> {
  keepRuntimeQuiet();
  try {
    await Worker.runReplayHistory(getWorkflowCode(bundlePath), history, workflowId);
    return undefined;
  } catch (error) {
    if (error instanceof DeterminismViolationError) return error.message;
    throw error;
  }
}

/** What does not fit is reported once, by us. A runtime that runs already keeps its own log. */
function keepRuntimeQuiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), shutdownSignals: [] });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
