/**
 * Every span name and attribute of a reconcile run, on the OpenTelemetry API alone: inert unless a process installs an
 * SDK. One trace per convergence: the watcher opens `koreo.watch.event`, the traceparent travels with the key as its
 * cause, and the run that answers it continues that trace; merged causes become links.
 */
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
} from "@opentelemetry/api";
import type { Cause } from "./ports/reconcile-queue.ts";

export const SPAN = {
  watchEvent: "koreo.watch.event",
  enqueue: "koreo.enqueue",
  queueWait: "koreo.queue.wait",
  run: "koreo.run",
  step: "koreo.step",
  item: "koreo.step.item",
  evaluate: "koreo.evaluate",
  lockWait: "koreo.lock.wait",
  status: "koreo.status.write",
  definition: "koreo.definition.run",
} as const;

export const ATTRIBUTE = {
  key: "koreo.key",
  class: "koreo.class",
  cause: "koreo.cause",
  fence: "koreo.fence",
  attempt: "koreo.attempt",
  tenant: "koreo.tenant",
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
} as const;

/** Causes that become links of a run beside its parent; more are dropped. */
const MAX_LINKS = 8;

const tracer = () => trace.getTracer("koreo-cluster");

/** Runs `act` inside a span; a throw marks the span as failed and goes on. */
export async function withSpan<T>(name: string, attributes: Attributes, act: (span: Span) => Promise<T>): Promise<T> {
  return tracer().startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await act(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "error" });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The same for work that is synchronous. */
export function withSpanSync<T>(name: string, attributes: Attributes, act: (span: Span) => T): T {
  return tracer().startActiveSpan(name, { attributes }, (span) => {
    try {
      return act(span);
    } finally {
      span.end();
    }
  });
}

/** Sending a batch of wake-ups: no part of one trace, so it links to those it carries on (at most 8). */
export function withEnqueueSpan<T>(causes: readonly Cause[], act: () => Promise<T>): Promise<T> {
  const links = causes.slice(0, MAX_LINKS).flatMap((cause) => linkOf(cause.traceparent));
  const span = tracer().startSpan(SPAN.enqueue, { attributes: { "koreo.keys": causes.length }, links }, ROOT_CONTEXT);
  return context.with(trace.setSpan(ROOT_CONTEXT, span), act).finally(() => span.end());
}

/** The active span as a W3C traceparent, or undefined when nothing is traced. */
function currentTraceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier["traceparent"];
}

/** Why a key is woken, carrying on the active trace. */
export function causeNow(reason: string, atMs: number, object?: string): Cause {
  const traceparent = currentTraceparent();
  return {
    reason,
    atMs,
    ...(object === undefined ? {} : { object }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * Opens the span of a run: its parent is the oldest cause, the others are links. A queue-wait span is recorded under the
 * same parent, so that the trace explains the time before the run.
 */
export async function withRunSpan<T>(
  run: { readonly causes: readonly Cause[]; readonly waitedMs: number; readonly wallMs: number },
  attributes: Attributes,
  act: (span: Span) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = run.causes;
  const parent = contextOf(first?.traceparent);
  const links = rest.slice(0, MAX_LINKS).flatMap((cause) => linkOf(cause.traceparent));
  const cause = first === undefined ? {} : { [ATTRIBUTE.cause]: first.reason };
  tracer()
    .startSpan(SPAN.queueWait, { attributes, startTime: run.wallMs - run.waitedMs, kind: SpanKind.CONSUMER }, parent)
    .end(run.wallMs);
  const span = tracer().startSpan(
    SPAN.run,
    { attributes: { ...attributes, ...cause }, links, kind: SpanKind.CONSUMER },
    parent,
  );
  try {
    return await context.with(trace.setSpan(parent, span), () => act(span));
  } finally {
    span.end();
  }
}

function contextOf(traceparent: string | undefined): Context {
  return traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

function linkOf(traceparent: string | undefined): Link[] {
  const linked = trace.getSpanContext(contextOf(traceparent));
  return linked === undefined ? [] : [{ context: linked }];
}
