import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LeadStanding } from '../../domain/lead-messages.ts';
import { resolveTestServerBinary } from '../../scripts/stack/temporal-binary.ts';
import { SEARCH_ATTRIBUTES } from '../../scripts/stack/temporal.ts';
import { leadIntake } from '../../workflows/lead-intake.ts';
import { LEAD_WAY } from '../../workflows/lead-way.ts';

const DAY_MS = 86_400_000;
/** INDEXED_VALUE_TYPE_KEYWORD of Temporal's API. */
const KEYWORD = 2;

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  const path = await resolveTestServerBinary(() => {});
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD] as const)),
  });
});
afterAll(() => environment.teardown());

describe('a lead that nobody closes', () => {
  it('lives for its 30 days and then ends, as cheaply as it waited', async () => {
    const standing = (status: LeadStanding['status'], expiresAtMs: number): LeadStanding => ({
      status,
      locationId: 'location',
      repId: 'rep',
      assignmentId: 'assignment',
      closeReason: status === 'closed' ? 'expired' : null,
      expiresAtMs,
    });
    const startedAtMs = await environment.currentTimeMs();
    const expiresAtMs = startedAtMs + 30 * DAY_MS;
    let closedAtMs = 0;
    const reserved = {
      outcome: 'reserved',
      assignmentId: 'assignment',
      locationId: 'location',
      repId: 'rep',
      isPlaceable: false,
    };
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'interactive',
      workflowBundle: { codePath: inject('workflowBundlePath') },
      // Stand-ins for the database steps: what is tested is the waiting.
      activities: {
        routeLead: async () => reserved,
        confirmAssignment: async () => standing('assigned', expiresAtMs),
        closeLead: async ({ closeReason }: { closeReason: string }) => {
          expect(closeReason).toBe('expired');
          closedAtMs = await environment.currentTimeMs();
          return standing('closed', expiresAtMs);
        },
      },
    });
    await worker.runUntil(async () => {
      const handle = await environment.client.workflow.start(leadIntake, {
        taskQueue: 'interactive',
        workflowId: 'lead-intake/agency/lead',
        args: [{ agencyId: 'agency', leadId: 'lead', way: LEAD_WAY }],
      });
      expect(await handle.result()).toMatchObject({ status: 'closed', closeReason: 'expired' });
      expect((await handle.describe()).historyLength).toBeLessThan(40);
    });
    expect(closedAtMs - startedAtMs).toBeGreaterThanOrEqual(30 * DAY_MS);
    expect(closedAtMs - startedAtMs).toBeLessThan(31 * DAY_MS);
  });
});
