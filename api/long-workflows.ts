import type { RunningWorkflow, SwitchyardClient } from '../client.ts';
import { judgeLongRun, type LongRunDecision, WATCHED_GROUPS } from '../domain/stuck-workflow.ts';

export type LongRun = Extract<LongRunDecision, { isLong: true }>;

export interface LongWorkflows {
  /** What was found of those whose turn it was. */
  long: { workflow: RunningWorkflow; decision: LongRun; lastEventAt: Date }[];
  /** Those whose turn it was, whatever was found of them. */
  looked: ReadonlySet<string>;
}

export interface LongWorkflowDeps {
  client: Pick<SwitchyardClient, 'listRunningBefore' | 'describeWorkflow'>;
  now: () => Date;
  /** How many of a group are looked at in one look. Each costs two questions to Temporal. */
  perGroup: number;
}

/**
 * Looks through the workflows that run for those that run longer than they should, of each group the latest first and as
 * many at once as its turn holds; the next look goes on where this one stopped.
 */
export function createLongWorkflowLook({ client, now, perGroup }: LongWorkflowDeps) {
  /** Where the next look of a group goes on: at those that began before then. */
  const goesOnBefore = new Map<number, Date>();

  async function takeTurn(index: number, youngest: Date): Promise<RunningWorkflow[]> {
    const before = goesOnBefore.get(index) ?? youngest;
    const { group } = WATCHED_GROUPS[index]!;
    const found = await client.listRunningBefore(group, before, perGroup);
    const last = found.at(-1);
    if (!last || found.length < perGroup) goesOnBefore.delete(index);
    // Others may have begun within the same millisecond; where all of a turn did, it goes on all the same.
    else goesOnBefore.set(index, new Date(Math.min(last.startedAt.getTime() + 1, before.getTime() - 1)));
    return found;
  }

  return {
    /** How a workflow stands; undefined when it has ended or runs as it should. @throws TemporalUnavailableError */
    async judge(of: {
      workflowId: string;
      runId?: string;
    }): Promise<Omit<LongWorkflows['long'][number], 'workflow'> | undefined> {
      const standing = await client.describeWorkflow(of);
      if (!standing) return undefined;
      const decision = judgeLongRun(standing, now());
      return decision.isLong ? { decision, lastEventAt: standing.lastEventAt } : undefined;
    },

    /** @throws TemporalUnavailableError */
    async look(): Promise<LongWorkflows> {
      const at = now().getTime();
      const long: LongWorkflows['long'] = [];
      const looked = new Set<string>();
      for (const [index, { boundMs }] of WATCHED_GROUPS.entries()) {
        for (const workflow of await takeTurn(index, new Date(at - boundMs))) {
          looked.add(workflow.workflowId);
          const judged = await this.judge(workflow);
          if (judged) long.push({ workflow, ...judged });
        }
      }
      return { long, looked };
    },
  };
}
