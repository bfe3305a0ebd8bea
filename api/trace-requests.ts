import type { RequestHandler } from 'express';
import { currentTrace, SpanKind, startSpan, within } from '../tracing/trace.ts';
import { describeRequest, patternOf } from './request-log.ts';

/** Asked every few seconds by machines: of no interest to anybody who follows a lead. */
const UNTRACED = ['/healthz', '/readyz', '/metrics'];

/**
 * Begins a trace with each request. What a caller says of a trace is not believed: the doors are open to all, and one
 * who chose ids, or that nothing is recorded, would blind those who look for what was done.
 */
export const traceRequests: RequestHandler = (req, res, next) => {
  if (UNTRACED.includes(req.path)) return next();
  const span = startSpan(`HTTP ${req.method}`, { kind: SpanKind.SERVER, isRoot: true });
  res.on('close', () => {
    const route = patternOf(req);
    span.updateName(`${req.method} ${route}`);
    span.setAttributes({
      'http.request.method': req.method,
      'http.route': route,
      'http.response.status_code': res.statusCode,
    });
    span.end();
  });
  within(span, () => {
    // The line is written when the answer has left, outside of all this.
    describeRequest(res, currentTrace());
    next();
  });
};
