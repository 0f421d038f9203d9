/**
 * Starts the OpenTelemetry SDK from the standard `OTEL_*` variables. Without an OTLP endpoint nothing is exported; and
 * where no record of runs is kept either, nothing is started and every span of `engine/telemetry.ts` costs next to nothing.
 * Called once per process by its composition root.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  createAlwaysRecordSampler,
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  TraceIdRatioBasedSampler,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import { timeSpansBy } from "../../engine/telemetry.ts";
import { createSpanClock } from "./span-clock.ts";

/** Environment variables as strings; `process.env` has this shape. */
export type TracingEnvironment = Readonly<Record<string, string | undefined>>;

/** What a process keeps of its tracing: flush and stop it last, after the last span ended. */
export interface Tracing {
  /** Whether spans are exported. */
  readonly enabled: boolean;
  /** Exports what has ended so far. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Spans that wait for their export; more are dropped. A convergence has about a hundred. */
const MAX_SPANS_WAITING = 8192;

const OFF: Tracing = { enabled: false, flush: () => Promise.resolve(), shutdown: () => Promise.resolve() };

/**
 * @param role - watcher, worker or dev; becomes part of the service name unless `OTEL_SERVICE_NAME` is set
 * @param env - read: OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP[_TRACES]_ENDPOINT, OTEL_SERVICE_NAME,
 *   OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG; the exporter reads headers and timeouts
 * @param options - `recorder` sees every span, whatever is sampled; `exporter`: for tests, export here instead of over OTLP
 */
export function startTracing(
  role: string,
  env: TracingEnvironment,
  { exporter, recorder }: { readonly exporter?: SpanExporter; readonly recorder?: SpanProcessor | undefined } = {},
): Tracing {
  const endpoint = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"]; // empty is unset
  const isOff = env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none";
  const isExporting = !isOff && (exporter !== undefined || !!endpoint);
  if (!isExporting && recorder === undefined) return OFF;

  const named = resourceFromAttributes({ "service.name": env["OTEL_SERVICE_NAME"] || `koreo-${role}` });
  const sampler = isExporting
    ? samplerOf(env["OTEL_TRACES_SAMPLER"], env["OTEL_TRACES_SAMPLER_ARG"])
    : new AlwaysOffSampler();
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
      .merge(named),
    sampler: recorder === undefined ? sampler : createAlwaysRecordSampler(sampler),
    spanProcessors: [
      ...(recorder === undefined ? [] : [recorder]),
      ...(isExporting ? [batched(exporter ?? new OTLPTraceExporter())] : []),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  timeSpansBy(createSpanClock());
  return { enabled: isExporting, flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
}

function batched(exporter: SpanExporter): SpanProcessor {
  return new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000, maxQueueSize: MAX_SPANS_WAITING });
}

/** The samplers the OpenTelemetry specification names; an unknown name samples everything, as the specification says. */
function samplerOf(name: string | undefined, argument: string | undefined): Sampler {
  const ratio = Number(argument ?? "1");
  const byRatio = new TraceIdRatioBasedSampler(Number.isFinite(ratio) ? ratio : 1);
  switch (name) {
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return byRatio;
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: byRatio });
    case "always_on":
      return new AlwaysOnSampler();
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}
