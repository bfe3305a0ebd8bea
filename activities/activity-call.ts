import { Context } from '@temporalio/activity';

/** When the workflow asked for what this activity does: what it tells of had happened by then, however often it is tried. */
export const askedForAt = (): Date => new Date(Context.current().info.scheduledTimestampMs);

/** Names what a workflow asked for once: all attempts of one activity have the same, and no other activity has it. */
export function currentCallId(): string {
  const { workflowExecution, activityId } = Context.current().info;
  return `${workflowExecution?.runId ?? 'none'}/${activityId}`;
}
