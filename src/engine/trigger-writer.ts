/**
 * Writes what a run came to on its trigger: the annotations (inventory, managed resources) and then, last, the status;
 * each at most once and only if it differs. Both carry the resourceVersion they were decided on; a refused write means
 * the trigger changed meanwhile: it is read again and what is still right is written.
 */
import { isBuiltInGroup } from "../core/built-in-groups.ts";
import { member, textMember, type JsonObject } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { statusPatch } from "../core/status/report.ts";
import type { ClusterFault, ClusterResult, ObjectRef } from "./ports/object-store.ts";
import type { RunContext } from "./run-context.ts";
import { RunInterrupted } from "./run-context.ts";
import { ATTRIBUTE, SPAN, withSpan } from "./telemetry.ts";
import type { TriggerReport } from "./trigger-report.ts";

export type WriteResult =
  | { readonly kind: "written"; readonly changed: boolean }
  | { readonly kind: "gone" }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

const MAX_TRIES = 5;

/** Writes the report on the run's trigger, starting from the trigger as this run last read it. */
export async function writeTrigger(run: RunContext, report: TriggerReport): Promise<WriteResult> {
  return withSpan(SPAN.status, { [ATTRIBUTE.key]: run.trigger.key }, async (span) => {
    let current = run.trigger.object;
    let changed = false;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const step = await writeOnce(run, report, current);
      if (step.kind === "conflict") {
        const fresh = await run.ports.store.get(run.trigger.ref, run.signal);
        if (fresh.kind === "fault")
          return isGone(fresh.fault) ? { kind: "gone" } : { kind: "fault", fault: fresh.fault };
        if (textMember(member(fresh.value, "metadata"), "uid") !== run.trigger.uid) return { kind: "gone" };
        current = fresh.value;
        continue;
      }
      if (step.kind !== "written") return step;
      changed = step.changed || tries > 0;
      span.setAttribute(ATTRIBUTE.changed, changed);
      return { kind: "written", changed };
    }
    return {
      kind: "fault",
      fault: { kind: "conflict", detail: "the trigger keeps changing while its status is written" },
    };
  });
}

type Attempt = WriteResult | { readonly kind: "conflict" };

async function writeOnce(run: RunContext, report: TriggerReport, trigger: JsonObject): Promise<Attempt> {
  const { ref } = run.trigger;
  const ownsStatus = !isBuiltInGroup(ref.type.group);
  const annotations = ownsStatus
    ? report.annotations
    : { ...report.annotations, [ANNOTATION.outcome]: report.outcomeText };
  const metadata = annotationPatch(trigger, annotations);
  const status = ownsStatus ? statusPatch(member(trigger, "status"), report.status(trigger)) : undefined;

  if (!ref.type.hasStatus) {
    if (metadata === undefined && status === undefined) return { kind: "written", changed: false };
    const body = { ...metadata, ...(status === undefined ? {} : { status }) };
    return answered(await send(run, ref, body, trigger));
  }
  let current = trigger;
  if (metadata !== undefined) {
    const answer = await send(run, ref, metadata, trigger);
    if (answer.kind === "fault") return answered(answer);
    current = answer.value;
  }
  if (status === undefined) return { kind: "written", changed: metadata !== undefined };
  return answered(await send(run, ref, { status }, current, "status"));
}

function send(
  run: RunContext,
  ref: ObjectRef,
  body: JsonObject,
  current: JsonObject,
  subresource?: "status",
): Promise<ClusterResult<JsonObject>> {
  if (run.signal.aborted || run.leaseLeftMs() <= 0) throw new RunInterrupted();
  const resourceVersion = textMember(member(current, "metadata"), "resourceVersion");
  const metadata = { ...(member(body, "metadata") as JsonObject | undefined), resourceVersion };
  return run.ports.store.patch(ref, { ...body, metadata }, run.signal, subresource);
}

function answered(answer: ClusterResult<JsonObject>): Attempt {
  if (answer.kind === "ok") return { kind: "written", changed: true };
  if (answer.fault.kind === "conflict") return { kind: "conflict" };
  if (isGone(answer.fault)) return { kind: "gone" };
  if (answer.fault.kind === "aborted") throw new RunInterrupted();
  return { kind: "fault", fault: answer.fault };
}

function isGone(fault: ClusterFault): boolean {
  return fault.kind === "notFound" || fault.kind === "unknownKind";
}

/** The annotations that differ, as a merge patch; undefined when all are there already. */
function annotationPatch(trigger: JsonObject, wanted: Readonly<Record<string, string>>): JsonObject | undefined {
  const present = member(member(trigger, "metadata"), "annotations");
  const changed = Object.entries(wanted).filter(([name, text]) => textMember(present, name) !== text);
  return changed.length === 0 ? undefined : { metadata: { annotations: Object.fromEntries(changed) } };
}
