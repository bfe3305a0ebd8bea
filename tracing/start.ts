import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

export interface TracingOptions {
  service: 'switchyard-api' | 'switchyard-worker';
  /** Where spans go, by OTLP over HTTP; undefined records none. */
  endpoint: string | undefined;
  /** Told when spans cannot be delivered. */
  onLost: () => void;
}

/**
 * Gives all that this process does trace ids, which its log lines name and the next process goes on with; spans are
 * recorded only where there is somebody to take them. OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and the other
 * variables of OpenTelemetry's specification hold besides.
 * @returns sends what is still here, and ends
 */
export function startTracing({ service, endpoint, onLost }: TracingOptions): () => Promise<void> {
  const resource = resourceFromAttributes({ 'service.name': service });
  const url = endpoint === undefined ? undefined : `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const provider = new BasicTracerProvider(
    url === undefined
      ? { resource, sampler: new AlwaysOffSampler() }
      : { resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))] },
  );
  const silent = (): void => {};
  diag.setLogger(
    { error: onLost, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return async () => {
    await provider.shutdown().catch(onLost);
    trace.disable();
    context.disable();
    diag.disable();
  };
}
