/** How the spans of several runs become one trace, with a real SDK that exports into memory. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { startTracing, type Tracing } from "../../../src/adapters/telemetry/tracing.ts";
import type { Cause, CauseReason } from "../../../src/engine/ports/reconcile-queue.ts";
import { noteRun, SPAN, withSpan } from "../../../src/engine/telemetry.ts";
import {
  causeNow,
  linkToTrigger,
  withEnqueueSpan,
  withRunSpan,
  withWatchEvent,
} from "../../../src/engine/trace-context.ts";

const exporter = new InMemorySpanExporter();
let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing("test", {}, { exporter });
});
afterEach(() => forget());

const HOUR_MS = 3_600_000;

function event(reason: CauseReason, atMs = Date.now()): Cause {
  let cause: Cause = { reason, atMs };
  withWatchEvent({}, () => (cause = causeNow(reason, atMs)));
  return cause;
}

/** A run with one step, and the cause of the retry it asks for. */
async function run(causes: readonly Cause[], waitedMs = 5): Promise<Cause> {
  return withRunSpan({ causes, waitedMs, wallMs: Date.now() }, { key: "k" }, async () => {
    await withSpan(SPAN.step, {}, () => Promise.resolve());
    return { ...causeNow("retry", Date.now()), changedAtMs: causes[0]?.changedAtMs ?? causes[0]?.atMs ?? 0 };
  });
}

async function spans(name: string): Promise<readonly ReadableSpan[]> {
  await tracing.flush();
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

async function forget(): Promise<void> {
  await tracing.flush();
  exporter.reset();
}

const traceOf = (span: ReadableSpan | undefined) => span?.spanContext().traceId;
const idOf = (span: ReadableSpan | undefined) => span?.spanContext().spanId;
const milliseconds = ([seconds, nanoseconds]: ReadableSpan["duration"]) => seconds * 1000 + nanoseconds / 1e6;

describe("one convergence", () => {
  it("is one trace over its runs, each of them right below the event", async () => {
    const retry = await run([event("modified", Date.now() - 2000)]);
    await run([{ ...retry, atMs: Date.now() - 1000, outcome: "depSkip" }], 100);
    const [[seen], runs, [wait]] = [await spans(SPAN.watchEvent), await spans(SPAN.run), await spans(SPAN.retryWait)];
    expect(runs.map((each) => each.parentSpanContext?.spanId)).toEqual([idOf(seen), idOf(seen)]);
    expect(traceOf(wait)).toBe(traceOf(seen));
    expect(wait?.attributes).toMatchObject({ "koreo.retry.reason": "depSkip" });
    // From the end of the first run until the second was due, 100 ms before it began.
    expect(milliseconds(wait?.duration ?? [0, 0])).toBeGreaterThan(880);
    expect(milliseconds(wait?.duration ?? [0, 0])).toBeLessThan(950);
  });

  it("has for its parent the oldest change, whichever cause came first; the others are links", async () => {
    const retry = await run([event("modified", Date.now() - 5000)]);
    await forget();
    const woken = event("managed-modified");
    await run([woken, retry]);
    const [[other], [second]] = [await spans(SPAN.watchEvent), await spans(SPAN.run)];
    expect(traceOf(second)).not.toBe(traceOf(other));
    expect(second?.links.map(({ context }) => context.spanId)).toEqual([idOf(other)]);
    expect(second?.attributes["koreo.cause"]).toBe("managed-modified");
  });

  it("ends: what is not answered after an hour has a trace per run, linked to the first", async () => {
    const retry = await run([event("modified")]);
    await forget();
    await run([{ ...retry, changedAtMs: Date.now() - 2 * HOUR_MS }]);
    const [late] = await spans(SPAN.run);
    expect(late?.parentSpanContext).toBeUndefined();
    expect(late?.links.map(({ context }) => context.traceId)).toEqual([retry.traceparent?.split("-")[1]]);
  });

  it("without a change is a trace of its own that holds its wait", async () => {
    await run([{ reason: "resync", atMs: Date.now() }]);
    const [[resync], [wait]] = [await spans(SPAN.run), await spans(SPAN.queueWait)];
    expect(resync?.parentSpanContext).toBeUndefined();
    expect(traceOf(wait)).toBe(traceOf(resync));
  });
});

it("sending a batch gives every traced key the time since its event", async () => {
  const causes: readonly Cause[] = [
    event("added", Date.now() - 20),
    event("added", Date.now() - 10),
    { reason: "resync", atMs: 0 },
  ];
  await withEnqueueSpan(causes, () => Promise.resolve());
  const [[batch], waits] = [await spans(SPAN.enqueue), await spans(SPAN.enqueueWait)];
  expect(batch?.links).toHaveLength(2);
  expect(batch?.attributes["messaging.batch.message_count"]).toBe(3);
  expect(waits.map(traceOf)).toEqual((await spans(SPAN.watchEvent)).map(traceOf));
  expect(milliseconds(waits[0]?.duration ?? [0, 0])).toBeGreaterThanOrEqual(19);
});

it("a trigger's annotation is a link; one that is none is nothing", async () => {
  const annotated = (traceparent: string) => ({
    metadata: { annotations: { "tracing.k8s.io/traceparent": traceparent } },
  });
  await withRunSpan({ causes: [], waitedMs: 0, wallMs: Date.now() }, {}, () => {
    linkToTrigger(annotated("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    linkToTrigger(annotated("hello"));
    linkToTrigger({});
    noteRun({ "koreo.changed": true });
    return Promise.resolve();
  });
  const [linked] = await spans(SPAN.run);
  expect(linked?.links.map(({ context }) => context.spanId)).toEqual(["b7ad6b7169203331"]);
  expect(linked?.attributes["koreo.changed"]).toBe(true);
});

it("a span that throws says which error it was, and not what it says", async () => {
  const broken = withSpan("broken", {}, () => Promise.reject(new RangeError("secret")));
  await expect(broken).rejects.toThrow("secret");
  const [span] = await spans("broken");
  expect(span?.attributes["error.type"]).toBe("RangeError");
  expect(JSON.stringify([span?.attributes, span?.status, span?.events])).not.toContain("secret");
});

it("what the sampler leaves out has no span of its own, and still carries its trace on", async () => {
  const left = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const cause: Cause = { reason: "modified", atMs: Date.now() - 10, traceparent: left };
  await withEnqueueSpan([cause], () => Promise.resolve());
  const retry = await run([cause]);
  expect(retry.traceparent).toBe(left);
  expect((await spans(SPAN.enqueue)).length).toBe(1);
  expect(await Promise.all([SPAN.enqueueWait, SPAN.queueWait, SPAN.run, SPAN.step].map(spans))).toEqual([
    [],
    [],
    [],
    [],
  ]);
});
