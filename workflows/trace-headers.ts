import type { Headers, WorkflowInterceptors } from '@temporalio/workflow';

/** Under this name a trace goes from step to step; W3C's own. Its value holds ids and flags, and nothing of a person. */
export const TRACE_HEADER = 'traceparent';

/**
 * Hands the trace that came with a workflow's start, signal or update on to what the workflow asks for: the latest one,
 * for a workflow that lives long does what it was told last. Nothing is recorded here, no command is added and no turn
 * of the event loop taken, so histories from before replay, and a cached workflow costs nothing more.
 */
export function interceptors(): WorkflowInterceptors {
  let trace: Headers = {};
  const hear = (headers: Headers): void => {
    const heard = headers[TRACE_HEADER];
    if (heard) trace = { [TRACE_HEADER]: heard };
  };
  const telling = <Input extends { readonly headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, ...trace },
  });
  return {
    inbound: [
      {
        execute(input, next) {
          hear(input.headers);
          return next(input);
        },
        handleSignal(input, next) {
          hear(input.headers);
          return next(input);
        },
        handleUpdate(input, next) {
          hear(input.headers);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(telling(input)),
        scheduleLocalActivity: (input, next) => next(telling(input)),
        startChildWorkflowExecution: (input, next) => next(telling(input)),
        signalWorkflow: (input, next) => next(telling(input)),
        continueAsNew: (input, next) => next(telling(input)),
      },
    ],
  };
}
