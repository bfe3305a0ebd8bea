import {
  type Attributes,
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';

export { type Attributes, SpanKind };

/** https://www.w3.org/TR/trace-context/#traceparent-header: version 00, trace, parent, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

const tracer = () => trace.getTracer('switchyard');

/** The trace of what is being done now, as it is told to the next step; null where there is none. */
export function currentTraceparent(): string | null {
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return null;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
}

/** For log lines: the trace of what is being done now. */
export function currentTrace(): { traceId?: string } {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? { traceId: span.traceId } : {};
}

/** The id by which a trace is found in logs; null when it is no traceparent. */
export const traceIdOf = (traceparent: string | null): string | null => readTraceparent(traceparent)?.traceId ?? null;

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** The step before, in another process or at another time; by default what is being done now. */
  parent?: string | null;
  /** Begins a trace, whatever is being done. */
  isRoot?: boolean;
  /** Further traces that come together in this step. */
  links?: readonly (string | null)[];
  /** Whether an error of the work is one; by default any is. */
  isFailure?: (error: unknown) => boolean;
}

/** Does `work` as one step of a trace. An error marks the step by its name alone: a text may name a person. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { isFailure = () => true } = options;
  const span = startSpan(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span));
  } catch (error) {
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
    if (isFailure(error)) span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** Begins a step that the caller ends. */
export function startSpan(name: string, options: SpanOptions): Span {
  const { kind, attributes, parent = null, isRoot = false, links = [] } = options;
  const before = isRoot ? undefined : readTraceparent(parent);
  const within = before ? trace.setSpanContext(ROOT_CONTEXT, before) : context.active();
  const linked = links.flatMap((link): Link[] => {
    const found = readTraceparent(link);
    return found ? [{ context: found }] : [];
  });
  const told = { ...(kind !== undefined && { kind }), ...(attributes && { attributes }) };
  return tracer().startSpan(name, { ...told, root: isRoot, links: linked }, within);
}

/** Lets `work` happen within a step that was begun. */
export const within = <T>(span: Span, work: () => T): T => context.with(trace.setSpan(context.active(), span), work);

/** Lets `work` happen outside of all traces: it is done for several of them. */
export const withoutTrace = <T>(work: () => T): T => context.with(ROOT_CONTEXT, work);

/** Notes a step that is over. @param durationMs how long it took until now */
export function noteSpan(
  name: string,
  { durationMs, isFailed, kind, attributes }: { durationMs: number; isFailed: boolean } & Omit<SpanOptions, 'parent'>,
): void {
  const told = { ...(kind !== undefined && { kind }), ...(attributes && { attributes }) };
  const span = tracer().startSpan(name, { ...told, startTime: Date.now() - durationMs });
  if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function readTraceparent(text: string | null): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}
