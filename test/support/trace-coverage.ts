/**
 * How much of the time from a change to Ready a trace explains: the share that spans with a named cause cover. Only leaves
 * count, for a span that has others below it says where time went, not why; roots, runs, steps and actors never count.
 */
import type { CollectedSpan } from "./otlp-sink.ts";

/** Time that no leaf covers, between the two leaves beside it. */
export interface Gap {
  readonly ms: number;
  readonly after: string;
  readonly before: string;
}

export interface Coverage {
  /** From the start of the watch event to the end of the status write that made the trigger Ready. */
  readonly totalMs: number;
  /** In [0, 1]. */
  readonly share: number;
  /** Largest first. */
  readonly gaps: readonly Gap[];
  /** Milliseconds by the name of the leaf; parallel ones add up. */
  readonly byName: ReadonlyMap<string, number>;
}

/** They hold others, or mark a moment. */
const STRUCTURE = new Set(["koreo.watch.event", "koreo.run", "koreo.step", "koreo.step.item"]);

/** @param trace - spans of one trace; undefined when it does not hold a whole convergence yet */
export function coverageOf(trace: readonly CollectedSpan[]): Coverage | undefined {
  const event = trace.find(({ name }) => name === "koreo.watch.event");
  const ready = trace.find((span) => span.name === "koreo.run" && span.attributes["koreo.outcome"] === "ok");
  const status = trace.find((span) => span.name === "koreo.status.write" && span.parentSpanId === ready?.spanId);
  if (event === undefined || status === undefined) return undefined;
  const [startMs, endMs] = [event.startMs, status.endMs];

  const parents = new Set(trace.map(({ parentSpanId }) => parentSpanId));
  const leaves = trace
    .filter(({ name, spanId }) => !STRUCTURE.has(name) && !parents.has(spanId))
    .filter((span) => span.endMs > startMs && span.startMs < endMs)
    .toSorted((left, right) => left.startMs - right.startMs);

  const gaps: Gap[] = [];
  const byName = new Map<string, number>();
  let [reachedMs, after] = [startMs, "koreo.watch.event"];
  for (const leaf of leaves) {
    byName.set(leaf.name, (byName.get(leaf.name) ?? 0) + leaf.endMs - leaf.startMs);
    if (leaf.startMs > reachedMs) gaps.push({ ms: leaf.startMs - reachedMs, after, before: leaf.name });
    if (leaf.endMs > reachedMs) [reachedMs, after] = [leaf.endMs, leaf.name];
  }
  if (endMs > reachedMs) gaps.push({ ms: endMs - reachedMs, after, before: "the end of the status write" });
  const totalMs = endMs - startMs;
  const missingMs = gaps.reduce((sum, { ms }) => sum + ms, 0);
  return {
    totalMs,
    share: totalMs === 0 ? 0 : 1 - missingMs / totalMs,
    gaps: gaps.toSorted((left, right) => right.ms - left.ms),
    byName,
  };
}
