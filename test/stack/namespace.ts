import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { addMissingSearchAttributes, probeNamespace } from '../../scripts/stack/temporal-namespace.ts';
import { SEARCH_ATTRIBUTES } from '../../scripts/stack/temporal.ts';
import { waitFor } from './wait.ts';

/** A namespace of its own for a test file: its queues, ids and search attributes meet nobody else's. */
export async function createTestNamespace(address: string): Promise<string> {
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      // Who looks at the server sees whose it is.
      description: relative(process.cwd(), expect.getState().testPath ?? ''),
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
  } finally {
    await connection.close();
  }
  await waitFor('the namespace', async () => {
    await probeNamespace(address, namespace);
    await addMissingSearchAttributes(address, namespace, SEARCH_ATTRIBUTES, () => {});
    return true;
  });
  return namespace;
}

/** Schedules would go on when their test is over, once a second some of them, at the cost of the tests that follow. */
export async function endSchedules({ schedule }: Client): Promise<void> {
  for await (const { scheduleId } of schedule.list()) await schedule.getHandle(scheduleId).delete();
}

/** The same in a namespace whose client is no longer there. */
export async function endSchedulesOf(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await endSchedules(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}
