/** Answers about runs of a key. Records of runs hold only names, verdicts and times, see the port `run-log`. */
import type { RunRecord, RunSpan } from "../../engine/ports/run-log.ts";
import {
  count,
  flag,
  list,
  map,
  named,
  quantity,
  record,
  reference,
  scalar,
  text,
  time,
  type TypeOf,
} from "./schema.ts";

const SUMMARY = {
  traceId: text("Of the trace, where one was exported."),
  startedAt: time("When it started."),
  waitedMs: quantity("In the queue before."),
  ms: quantity("How long it took."),
  outcome: text("What it came to, in one word."),
  changed: flag("Whether anything was written to the cluster."),
  attempt: count("1 when the run before did not fail."),
  workClass: count("1: a change. 2: a retry, or what depends on a change. 3: a mere look.", { minimum: 1, maximum: 3 }),
  workflow: text("`namespace/name`; empty when none ran."),
  causes: list(text("One cause."), "Why it was run."),
  blocked: text("What keeps the trigger from being ready; empty when nothing does."),
  worker: text("Who ran it."),
};

export const RUN_SUMMARY = named("RunSummary", record("A run.", SUMMARY));

const SPAN_NAME = "RunSpan";
const RUN_SPAN = named(
  SPAN_NAME,
  record("A part of a run.", {
    name: text("As in the trace, such as `koreo.step`."),
    startMs: quantity("Since the start of the run; negative for what came before."),
    ms: quantity("How long it took."),
    attributes: map(scalar("A name, a verdict or a number."), "What it was about."),
    children: list(reference<RunSpan>(SPAN_NAME), "What it was made of, in the order of their starts."),
  }),
);

export const RUN = named(
  "Run",
  record("A run with everything it did.", {
    ...SUMMARY,
    root: RUN_SPAN,
    omittedSpans: count("Parts that the record has no room for."),
  }),
);

export function runSummary(run: RunRecord): TypeOf<typeof RUN_SUMMARY> {
  const {
    traceId,
    startedAtMs,
    waitedMs,
    ms,
    outcome,
    changed,
    attempt,
    workClass,
    workflow,
    causes,
    blocked,
    worker,
  } = run;
  const startedAt = new Date(startedAtMs).toISOString();
  return { traceId, startedAt, waitedMs, ms, outcome, changed, attempt, workClass, workflow, causes, blocked, worker };
}

export function runView(run: RunRecord): TypeOf<typeof RUN> {
  return { ...runSummary(run), root: spanView(run.root), omittedSpans: run.omittedSpans };
}

function spanView({ name, startMs, ms, attributes, children }: RunSpan): TypeOf<typeof RUN_SPAN> {
  return { name, startMs, ms, attributes, children: children.map(spanView) };
}
