import type { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { CallRecord } from '../ghl/gateway.ts';
import { currentTrace, inSpan, noteSpan, SpanKind } from '../tracing/trace.ts';
import { TRACE_HEADER } from '../workflows/trace-headers.ts';

/** Makes each attempt of an activity a step of the trace that its workflow was told. */
export function traceActivities({ info }: Context): ActivityInterceptors {
  // The SDK's own lines on how it ended are written when the step is over.
  let trace = currentTrace();
  return {
    inbound: {
      execute({ headers, args }, next) {
        const header = headers[TRACE_HEADER];
        const told: unknown = header && defaultPayloadConverter.fromPayload(header);
        const { workflowExecution, activityType, taskQueue, attempt } = info;
        const attributes = {
          'temporal.workflow_id': workflowExecution?.workflowId,
          'temporal.task_queue': taskQueue,
          'temporal.attempt': attempt,
        };
        const from = typeof told === 'string' ? { parent: told } : { isRoot: true };
        const options = { kind: SpanKind.CONSUMER, attributes, ...from, isFailure: isNoMereWait };
        return inSpan(`activity ${activityType}`, options, () => {
          trace = currentTrace();
          return next({ headers, args });
        });
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next({ ...input, ...trace }),
    },
  };
}

/** A third party's limit is waited for, and nothing has failed. */
const isNoMereWait = (error: unknown): boolean =>
  !(error instanceof ApplicationFailure && error.category === ApplicationFailureCategory.BENIGN);

/** Notes a call to GHL in the trace of the activity that made it: no path and no query, for they can name a person. */
export function traceCall({ operation, lane, outcome, status, durationMs, ghlLocationId }: CallRecord): void {
  const attributes = {
    'ghl.operation': operation,
    'ghl.outcome': outcome,
    ...(lane !== null && { 'ghl.lane': lane }),
    ...(status !== null && { 'http.response.status_code': status }),
    ...(ghlLocationId !== null && { 'ghl.location_id': ghlLocationId }),
  };
  noteSpan(`GHL ${operation}`, { kind: SpanKind.CLIENT, durationMs, isFailed: outcome !== 'ok', attributes });
}
