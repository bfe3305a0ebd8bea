import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.stop());

describe('the backlog of task queues', () => {
  it('counts what waits while no worker polls, and how long', async () => {
    const [agencyId, locationId] = [uuidv7(), uuidv7()];
    for (const leadId of [uuidv7(), uuidv7(), uuidv7()])
      await system.client.startLeadIntake({ agencyId, leadId, locationId, source: 'api' });
    const backlogs = await waitFor('the backlog', async () => {
      const found = await system.client.taskQueueBacklogs();
      return found.some(({ tasks }) => tasks === 3) && found;
    });
    const waiting = backlogs.filter(({ tasks }) => tasks > 0);
    expect(waiting).toMatchObject([{ queue: 'interactive', type: 'workflow', tasks: 3 }]);
    const aged = await waitFor('the oldest to age', async () =>
      (await system.client.taskQueueBacklogs()).find(({ ageMs }) => ageMs > 1_000),
    );
    expect(aged.queue).toBe('interactive');
  });
});
