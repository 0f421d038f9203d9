/**
 * One trace per convergence: the watcher opens `koreo.watch.event`, its traceparent travels with the key as its cause,
 * and every run until Ready hangs below that event; a retry carries the trace on. Merged causes become links, and so
 * does the trigger's `tracing.k8s.io/traceparent`. A resync begins a trace of its own.
 */
import {
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
} from "@opentelemetry/api";
import type { JsonObject } from "../core/json.ts";
import { annotationOf } from "../core/object.ts";
import type { Cause, CauseReason } from "./ports/reconcile-queue.ts";
import { ATTRIBUTE, endSpan, messaging, noteSpan, SPAN, startSpan } from "./telemetry.ts";

/** Causes that become links of a run beside its parent; more are dropped. */
const MAX_LINKS = 8;
/** A change not answered within this time, in ms, gets a trace per run, each linked to the first: traces must end. */
const MAX_TRACE_MS = 3_600_000;
/** Kubernetes' own annotation for the trace that an object belongs to. */
const TRACE_ANNOTATION = "tracing.k8s.io/traceparent";

/** Within a run: the span that the whole convergence hangs below. */
const CONVERGENCE = createContextKey("koreo.convergence");

/** Opens a trace for a change that a watcher saw; `act` wakes keys and may say why. */
export function withWatchEvent(attributes: Attributes, act: () => void): void {
  const span = startSpan(SPAN.watchEvent, { attributes }, ROOT_CONTEXT);
  try {
    context.with(trace.setSpan(ROOT_CONTEXT, span), act);
  } finally {
    endSpan(span);
  }
}

/** Why a key is woken, carrying on the active trace. */
export function causeNow(reason: CauseReason, atMs: number, object?: string): Cause {
  const traceparent = traceparentOf(context.active());
  return {
    reason,
    atMs,
    ...(object === undefined ? {} : { object }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * The span of sending a batch of wake-ups: it is no part of one trace, so it links to those it carries on (at most 8).
 * After the sending every trace gets a span of its own for the time since its event.
 */
export async function withEnqueueSpan<T>(causes: readonly Cause[], act: () => Promise<T>): Promise<T> {
  const links = causes.slice(0, MAX_LINKS).flatMap((cause) => linkOf(cause.traceparent));
  const attributes = { ...messaging("send", "enqueue"), "messaging.batch.message_count": causes.length };
  const span = startSpan(SPAN.enqueue, { attributes, links, kind: SpanKind.PRODUCER }, ROOT_CONTEXT);
  try {
    const sent = await context.with(trace.setSpan(ROOT_CONTEXT, span), act);
    for (const { traceparent, atMs } of causes) {
      const options = { attributes: messaging("send", "enqueue"), kind: SpanKind.PRODUCER };
      if (traceparent !== undefined) noteSpan(SPAN.enqueueWait, (now) => [atMs, now], options, contextOf(traceparent));
    }
    return sent;
  } finally {
    endSpan(span);
  }
}

/** What woke a run, and when, in milliseconds. */
export interface RunStart {
  /** Oldest first. */
  readonly causes: readonly Cause[];
  readonly waitedMs: number;
  /** The time now, since the epoch. */
  readonly wallMs: number;
}

/**
 * Opens the span of a run: its parent is the oldest change that it answers, other causes are links. A retry's delay and
 * the wait in the queue, which come before the run, are recorded under the same parent.
 */
export async function withRunSpan<T>(
  start: RunStart,
  attributes: Attributes,
  act: (span: Span) => Promise<T>,
): Promise<T> {
  const first = oldest(start.causes);
  const isEndless = start.wallMs - changeOf(first, start.wallMs) > MAX_TRACE_MS;
  const parent = isEndless ? ROOT_CONTEXT : contextOf(first?.traceparent);
  const linked = start.causes.filter((cause) => isEndless || cause !== first);
  const links = linked.slice(0, MAX_LINKS).flatMap((cause) => linkOf(cause.traceparent));
  const cause = start.causes[0] === undefined ? {} : { [ATTRIBUTE.cause]: start.causes[0].reason };

  const more = { ...messaging("process", "run"), ...attributes, ...cause };
  const span = startSpan(SPAN.run, { attributes: more, links, kind: SpanKind.CONSUMER }, parent);
  const inRun = trace.setSpan(parent, span);
  const root = trace.getSpan(parent) ?? span;
  noteWaits(start, attributes, trace.setSpan(parent, root));
  try {
    return await context.with(inRun.setValue(CONVERGENCE, root), () => act(span));
  } finally {
    endSpan(span);
  }
}

/** Links the run under way to the trace that its trigger names, if it names one. */
export function linkToTrigger(trigger: JsonObject): void {
  const traceparent = annotationOf(trigger, TRACE_ANNOTATION);
  if (traceparent !== "") trace.getActiveSpan()?.addLinks(linkOf(traceparent));
}

/**
 * Notes a retry's delay, from the end of the run that asked for it until the key was due or something woke it earlier;
 * then the wait in the queue.
 */
function noteWaits({ causes, waitedMs }: RunStart, attributes: Attributes, parent: Context): void {
  const retry = causes.find(({ reason }) => reason === "retry");
  if (retry !== undefined) {
    const why = { [ATTRIBUTE.reason]: retry.outcome ?? "retry" };
    noteSpan(SPAN.retryWait, (now) => [retry.atMs, now - waitedMs], { attributes: why }, parent);
  }
  const options = { attributes: { ...attributes, ...messaging("receive", "take") }, kind: SpanKind.CONSUMER };
  noteSpan(SPAN.queueWait, (now) => [now - waitedMs, now], options, parent);
}

function oldest(causes: readonly Cause[]): Cause | undefined {
  const traced = causes.filter(({ traceparent }) => traceparent !== undefined);
  return traced.toSorted((left, right) => changeOf(left, 0) - changeOf(right, 0))[0];
}

function changeOf(cause: Cause | undefined, without: number): number {
  return cause?.changedAtMs ?? cause?.atMs ?? without;
}

/** The traceparent of the run's convergence, else of the active span; undefined when nothing is traced. */
function traceparentOf(active: Context): string | undefined {
  const carrier: Record<string, string> = {};
  const root = active.getValue(CONVERGENCE) as Span | undefined;
  propagation.inject(root === undefined ? active : trace.setSpan(active, root), carrier);
  return carrier["traceparent"];
}

function contextOf(traceparent: string | undefined): Context {
  return traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

function linkOf(traceparent: string | undefined): Link[] {
  const linked = trace.getSpanContext(contextOf(traceparent));
  return linked === undefined ? [] : [{ context: linked }];
}
