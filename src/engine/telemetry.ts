/**
 * Every span name and attribute of a reconcile run, on the OpenTelemetry API alone: inert unless a process installs an
 * SDK. `trace-context.ts` says how spans of several processes and runs become one trace.
 */
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";

/**
 * Spans hold others (watch event, run, step, item, write, status write) or name what time was spent on; the union of
 * the latter explains a convergence (`test/e2e/trace-coverage.test.ts`). No span is as small as one expression.
 */
export const SPAN = {
  watchEvent: "koreo.watch.event",
  enqueue: "koreo.enqueue",
  /** From the event until the queue has the key: batching and sending. */
  enqueueWait: "koreo.enqueue.wait",
  queueWait: "koreo.queue.wait",
  /** From the end of a run until its retry is due. */
  retryWait: "koreo.retry.wait",
  run: "koreo.run",
  /** Waiting for definitions as new as the run was woken for. */
  definitionsWait: "koreo.definitions.wait",
  compile: "koreo.compile",
  /** Choosing the Workflow that runs. */
  select: "koreo.workflow.select",
  step: "koreo.step",
  item: "koreo.step.item",
  evaluate: "koreo.evaluate",
  /** Finding out how the server serves a kind, where that took any time. */
  resolve: "koreo.kind.resolve",
  /** A message waits until the actor handles it, where that took any time: the process was busy. */
  actorWait: "koreo.actor.wait",
  /** A request waits for its turn: the budget of requests, or a pause the server asked for. */
  requestWait: "koreo.request.wait",
  write: "koreo.write",
  lockWait: "koreo.lock.wait",
  /** Combining the results of all steps into one outcome and its conditions. */
  summarize: "koreo.summarize",
  /** Looking for objects that no step names any more, and deleting them. */
  prune: "koreo.prune",
  status: "koreo.status.write",
  /** Computing annotations and status as they should be, and whether they differ. */
  statusPrepare: "koreo.status.prepare",
  statusTell: "koreo.status.tell",
  definition: "koreo.definition.run",
} as const;

export const ATTRIBUTE = {
  key: "koreo.key",
  class: "koreo.class",
  cause: "koreo.cause",
  fence: "koreo.fence",
  attempt: "koreo.attempt",
  tenant: "koreo.tenant",
  /** The name that the conventions give it. */
  namespace: "k8s.namespace.name",
  workflow: "koreo.workflow",
  planHash: "koreo.plan.hash",
  step: "koreo.step",
  outcome: "koreo.outcome",
  changed: "koreo.changed",
  action: "koreo.action",
  object: "koreo.object",
  /** Every cause of a run, as people read it. */
  causes: "koreo.causes",
  /** Milliseconds a key waited before its run. */
  waitedMs: "koreo.queue.wait_ms",
  /** What keeps the trigger from being ready, as its condition says it. */
  blocked: "koreo.blocked",
  /** Of a retry: the outcome of the run before. */
  reason: "koreo.retry.reason",
} as const;

/** Attributes of the messaging conventions: a key is a message of one queue. */
export function messaging(type: "send" | "receive" | "process", name: string): Attributes {
  return {
    "messaging.system": "bullmq",
    "messaging.destination.name": "koreo",
    "messaging.operation.type": type,
    "messaging.operation.name": name,
  };
}

let now: () => number | undefined = () => undefined;

/** For the process that installs an SDK. @param clock - milliseconds since the epoch, with fractions */
export function timeSpansBy(clock: () => number): void {
  now = clock;
}

const tracer = () => trace.getTracer("koreo-cluster");

/** A span that begins now, or when the options say; end it by `endSpan`. */
export function startSpan(name: string, options: SpanOptions, parent: Context = context.active()): Span {
  const startTime = options.startTime ?? now();
  return tracer().startSpan(name, startTime === undefined ? options : { ...options, startTime }, parent);
}

/** Ends a span by the clock that it began by. */
export function endSpan(span: Span): void {
  span.end(now());
}

/**
 * Notes something that is over in the trace of `parent`; does nothing where nothing is traced.
 *
 * @param between - gets the time now and returns when it began and ended; all in milliseconds since the epoch
 */
export function noteSpan(
  name: string,
  between: (now: number) => readonly [number, number],
  options: SpanOptions,
  parent: Context = context.active(),
): void {
  const time = now();
  if (time === undefined || !isKept(trace.getSpan(parent))) return;
  const [startTime, endTime] = between(time);
  if (endTime > startTime)
    tracer()
      .startSpan(name, { ...options, startTime }, parent)
      .end(endTime);
}

/** Shorter waits, in milliseconds, are not worth a span of their own. */
const MIN_WAIT_MS = 0.2;

/** The start of a wait that `noteWait` may note; undefined where nothing is traced. */
export function waitStart(): number | undefined {
  return now();
}

/** Notes a wait that is over in the active trace, if it was long enough to matter. */
export function noteWait(name: string, since: number | undefined, attributes: Attributes = {}): void {
  const time = now();
  if (since === undefined || time === undefined || time - since < MIN_WAIT_MS) return;
  noteSpan(name, () => [since, time], { attributes });
}

/**
 * Whether anybody will see spans below this one: a sampler decides that at the root of a trace, and the record of a run
 * wants its spans whatever is sampled.
 */
function isKept(span: Span | undefined): boolean {
  return span !== undefined && (span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0);
}

/** Runs `act` inside a span; a throw marks the span as failed and is passed on. */
export async function withSpan<T>(
  name: string,
  attributes: Attributes,
  act: (span: Span) => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  const above = trace.getActiveSpan();
  if (above !== undefined && !isKept(above)) return act(above);
  const span = startSpan(name, { attributes, kind });
  try {
    return await context.with(trace.setSpan(context.active(), span), () => act(span));
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    endSpan(span);
  }
}

/** The same for synchronous work without spans or causes in it: cheaper, because the span is never the active one. */
export function withSpanSync<T>(name: string, attributes: Attributes, act: () => T): T {
  const above = trace.getActiveSpan();
  if (above !== undefined && !isKept(above)) return act();
  const span = startSpan(name, { attributes });
  try {
    return act();
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    endSpan(span);
  }
}

/** Whether a kept trace is active: ask before starting a trace of its own, or describing something at a cost. */
export function isTraced(): boolean {
  return isKept(trace.getActiveSpan());
}

/** Adds attributes to the span of the run that is under way: call it outside of steps. */
export function noteRun(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** The name of an error says what it is; its text may hold values. */
function failed(span: Span, error: unknown): void {
  const type = error instanceof Error ? error.name : "error";
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}
