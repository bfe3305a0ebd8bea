import { readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startTestSystem, type TestSystemOptions } from '../stack/system.ts';
import { HISTORIES_FOLDER, RECORDING_KEYS } from './recording.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The system whose runs are recorded, with all its workers. */
export async function startRecorder(options: Pick<TestSystemOptions, 'mail' | 'webhooks'> = {}) {
  const system = await startTestSystem({ keys: RECORDING_KEYS, ...options });
  await system.startWorkers(['interactive', 'sync', 'bulk']);
  return {
    system,
    /** Writes the last run of a workflow down. Histories that were recorded before stay: runs like them may still be going on. */
    save: async (workflowId: string, name: string): Promise<void> => {
      const earlier = (await readdir(HISTORIES_FOLDER)).filter((file) => file.startsWith(`${name}.`)).length;
      const history = await system.client.temporal.workflow.getHandle(workflowId).fetchHistory();
      // Where it was recorded is nobody's business: stack traces name the folder, identities the host.
      const json = historyToJSON(history)
        .replaceAll(ROOT, '')
        .replace(/"identity": "[^"]*"/g, '"identity": "recorder"');
      await writeFile(new URL(`${name}.${earlier + 1}.json`, HISTORIES_FOLDER), `${json}\n`);
    },
  };
}

export type Recorder = Awaited<ReturnType<typeof startRecorder>>;
