/**
 * Makes the record of each run from its spans, sampled or not, so that `koreo trace` and the API need no trace store.
 * Spans are gathered while their run goes on and forgotten with it.
 */
import { hrTimeToMilliseconds } from "@opentelemetry/core";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { KeyText } from "../../core/object-key.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { RunLog, RunRecord, RunSpan } from "../../engine/ports/run-log.ts";
import { ATTRIBUTE, SPAN } from "../../engine/telemetry.ts";

/** Parts of a run that a record holds; a run of hundreds of objects has thousands. */
const MAX_SPANS = 250;
/** How many records may be on their way to the log; when it is slower than the runs, further ones are dropped. */
const MAX_ON_THEIR_WAY = 100;

interface Run {
  readonly root: ReadableSpan;
  readonly spans: ReadableSpan[];
  omitted: number;
}

export class RunRecorder implements SpanProcessor {
  readonly #worker: string;
  readonly #runs = new Map<string, Run>();
  #log: RunLog | undefined;
  #logger: Logger | undefined;
  #onTheirWay = 0;

  /** @param worker - as records name it */
  constructor(worker: string) {
    this.#worker = worker;
  }

  /** Keeps records in this log from now on. */
  sendTo(log: RunLog, logger: Logger): void {
    this.#log = log;
    this.#logger = logger;
  }

  onStart(span: ReadableSpan): void {
    const { spanId } = span.spanContext();
    if (span.name === SPAN.run) this.#runs.set(spanId, { root: span, spans: [], omitted: 0 });
    const run = this.#runs.get(span.parentSpanContext?.spanId ?? "");
    if (run === undefined) return;
    if (run.spans.length >= MAX_SPANS) {
      run.omitted += 1;
      return;
    }
    run.spans.push(span);
    this.#runs.set(spanId, run); // its children belong to the same run
  }

  onEnd(span: ReadableSpan): void {
    if (span.name !== SPAN.run) return;
    const run = this.#runs.get(span.spanContext().spanId);
    if (run === undefined) return;
    this.#runs.delete(span.spanContext().spanId);
    for (const each of run.spans) this.#runs.delete(each.spanContext().spanId);
    const record = recordOf(run, this.#worker);
    if (isWorthKeeping(record)) this.#keep(record);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.#runs.clear();
    return Promise.resolve();
  }

  #keep(record: RunRecord): void {
    if (this.#log === undefined || this.#onTheirWay >= MAX_ON_THEIR_WAY) return;
    this.#onTheirWay += 1;
    this.#log
      .add(record)
      .catch((error: unknown) => this.#logger?.debug({ key: record.key, error }, "the record of a run was not kept"))
      .finally(() => (this.#onTheirWay -= 1));
  }
}

/** A resync that found all as it should be says less than the run before it. */
function isWorthKeeping({ causes, outcome, changed }: RunRecord): boolean {
  return changed || outcome !== "ok" || causes.some((cause) => cause !== "resync");
}

function recordOf({ root, spans, omitted }: Run, worker: string): RunRecord {
  const startMs = hrTimeToMilliseconds(root.startTime);
  const children = new Map<string, ReadableSpan[]>();
  for (const span of spans) {
    const parent = span.parentSpanContext?.spanId ?? "";
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const treeOf = (span: ReadableSpan): RunSpan => ({
    name: span.name,
    startMs: rounded(hrTimeToMilliseconds(span.startTime) - startMs),
    // A span that goes on beyond the run counts up to the run's end.
    ms: rounded(hrTimeToMilliseconds(span.ended ? span.duration : root.duration)),
    attributes: plain(span.attributes),
    children: (children.get(span.spanContext().spanId) ?? []).map(treeOf),
  });
  const { attributes } = root;
  const text = (name: string) => {
    const value = attributes[name];
    return typeof value === "string" ? value : "";
  };
  const causes = attributes[ATTRIBUTE.causes];
  return {
    key: text(ATTRIBUTE.key) as KeyText,
    traceId: root.spanContext().traceId,
    startedAtMs: Math.round(startMs),
    waitedMs: rounded(Number(attributes[ATTRIBUTE.waitedMs] ?? 0)),
    ms: rounded(hrTimeToMilliseconds(root.duration)),
    outcome: text(ATTRIBUTE.outcome),
    changed: attributes[ATTRIBUTE.changed] === true,
    attempt: Number(attributes[ATTRIBUTE.attempt] ?? 1),
    workClass: Number(attributes[ATTRIBUTE.class] ?? 0),
    workflow: text(ATTRIBUTE.workflow),
    causes: Array.isArray(causes) ? causes.map(String) : [],
    blocked: text(ATTRIBUTE.blocked),
    worker,
    root: { ...treeOf(root), attributes: {} },
    omittedSpans: omitted,
  };
}

/** Attributes that are left out: the head of the record has them, or they are the same for all of it. */
const HEADS = new Set<string>([ATTRIBUTE.key, ATTRIBUTE.tenant, ATTRIBUTE.fence]);

function plain(attributes: ReadableSpan["attributes"]): RunSpan["attributes"] {
  const kept = Object.entries(attributes).flatMap(([name, value]) => {
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return isPlain && !HEADS.has(name) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(kept);
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
