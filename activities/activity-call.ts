import { Context } from '@temporalio/activity';

/** Names what a workflow asked for once: all attempts of one activity have the same, and no other activity has it. */
export function currentCallId(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.runId ?? 'none'}/${activityId}`;
}
