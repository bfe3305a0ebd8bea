import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { ControlClient } from '../../simulator/control-client.ts';

/** What the runs of one type of workflow cost, for each lead. */
export interface WorkflowCost {
  type: string;
  runs: number;
  events: number;
  workflowTasks: number;
  activities: number;
}

/** Histories that are read of each type. */
const SAMPLE = 20;

/**
 * Runs that were begun since a moment, by type, and what their histories hold: of some of each type, taken for all.
 * @param leads what the figures are divided by
 */
export async function readWorkflowCost(temporal: Client, since: Date, leads: number): Promise<WorkflowCost[]> {
  const byType = new Map<string, WorkflowExecutionInfo[]>();
  const query = `StartTime >= '${since.toISOString()}' AND WorkflowType != 'oneEmptyStep'`;
  for await (const run of temporal.workflow.list({ query }))
    byType.set(run.type, [...(byType.get(run.type) ?? []), run]);
  const costs: WorkflowCost[] = [];
  for (const [type, runs] of [...byType].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sample = runs.filter((_, index) => index % Math.ceil(runs.length / SAMPLE) === 0);
    const sum = { events: 0, workflowTasks: 0, activities: 0 };
    for (const { workflowId, runId } of sample) {
      const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      sum.events += events?.length ?? 0;
      sum.workflowTasks += events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0;
      sum.activities += events?.filter((event) => event.activityTaskScheduledEventAttributes).length ?? 0;
    }
    const each = (of: number): number => ((of / sample.length) * runs.length) / leads;
    const { events, workflowTasks, activities } = sum;
    costs.push({
      ...{ type, runs: runs.length / leads },
      ...{ events: each(events), workflowTasks: each(workflowTasks), activities: each(activities) },
    });
  }
  return costs;
}

/** Calls that reached GHL since its log was emptied. */
export async function countGhlCalls(simulator: ControlClient): Promise<number> {
  const { counts } = await simulator.getCalls();
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
