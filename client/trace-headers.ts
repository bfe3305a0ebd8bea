import type { Headers, WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { currentTraceparent } from '../tracing/trace.ts';
import { TRACE_HEADER } from '../workflows/trace-headers.ts';

function withTrace(headers: Headers): Headers {
  const traceparent = currentTraceparent();
  return traceparent === null
    ? headers
    : { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(traceparent) };
}

/** Tells workflows the trace in which they are started or messaged. Headers are not sealed; a trace names nobody. */
export const traceHeaders: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
  signal: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
  signalWithStart: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
  startUpdate: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
};
