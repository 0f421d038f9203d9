/**
 * Writes the report of a run on its trigger: the annotations (inventory, managed resources) and then, last, the status;
 * each at most once and only if it differs. Both carry the resourceVersion they were decided on; a refused write means
 * that the trigger changed meanwhile: it is read again and what is still right is written. If the API server does not
 * take the annotations, the status is still written and says so.
 */
import { isBuiltInGroup } from "../core/built-in-groups.ts";
import { member, textMember, type JsonObject } from "../core/json.ts";
import { uidOf, versionOf } from "../core/object.ts";
import { ANNOTATION } from "../core/names.ts";
import { readyCondition } from "../core/status/condition.ts";
import { permFail, type PermFail } from "../core/outcome.ts";
import { statusPatch } from "../core/status/report.ts";
import { ANNOTATIONS_PLACE, fitted } from "./annotation-room.ts";
import { announceReady } from "./announce.ts";
import type { ClusterFault, ClusterResult } from "./ports/object-store.ts";
import { isKnownPruned, rememberStatus } from "./pruned-status.ts";
import { abandonRun, checkMayWrite, type RunContext } from "./run-context.ts";
import { ATTRIBUTE, SPAN, withSpan, withSpanSync } from "./telemetry.ts";
import { outcomeLine, type TriggerReport } from "./trigger-report.ts";
import { isWrittenByNewer } from "./trigger-supersession.ts";

export type WriteResult =
  | { readonly kind: "written"; readonly changed: boolean }
  | { readonly kind: "gone" }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

const MAX_TRIES = 5;

/** Writes the report on the run's trigger, starting from the trigger as this run last read it. */
export async function writeTrigger(run: RunContext, report: TriggerReport): Promise<WriteResult> {
  return withSpan(SPAN.status, { [ATTRIBUTE.key]: run.trigger.key }, async (span) => {
    let current = run.held.trigger;
    let changed = false;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const fitting = fitted(report, current);
      const step = await writeOnce(run, report, fitting, current);
      if (step.kind === "conflict") {
        const fresh = await run.ports.store.get(run.trigger.ref, run.signal);
        if (fresh.kind === "fault")
          return isGone(fresh.fault) ? { kind: "gone" } : { kind: "fault", fault: fresh.fault };
        if (uidOf(fresh.value) !== run.trigger.uid) return { kind: "gone" };
        const { annotations } = "kind" in fitting ? report : fitting;
        if (isWrittenByNewer(run.held.trigger, fresh.value, annotations)) throw abandonRun(run);
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

type WriteAttempt = WriteResult | { readonly kind: "conflict" };

async function writeOnce(
  run: RunContext,
  report: TriggerReport,
  fitting: TriggerReport | PermFail,
  trigger: JsonObject,
): Promise<WriteAttempt> {
  if ("kind" in fitting) return writeParts(run, report, trigger, fitting);
  const written = await writeParts(run, fitting, trigger);
  if (written.kind !== "fault" || written.fault.kind !== "invalid" || !written.isOfAnnotations) return written;
  // The server does not take the annotations: the status is written without them, and says so.
  return writeParts(
    run,
    report,
    trigger,
    permFail(`the annotations cannot be written: ${written.fault.detail}`, ANNOTATIONS_PLACE),
  );
}

/** Writes annotations and status, in one patch where the status is no subresource; with `trouble` only the status. */
async function writeParts(
  run: RunContext,
  report: TriggerReport,
  trigger: JsonObject,
  trouble?: PermFail,
): Promise<WriteAttempt & { readonly isOfAnnotations?: boolean }> {
  const { hasStatus } = run.trigger.ref.type;
  const { metadata, status, desired, ownsStatus } = withSpanSync(SPAN.statusPrepare, {}, () =>
    prepare(run, report, trigger, trouble),
  );
  if (metadata === undefined && status === undefined) return { kind: "written", changed: false };
  let current = trigger;
  if (metadata !== undefined) {
    const isTogether = status !== undefined && !hasStatus;
    const answer = await send(run, isTogether ? { ...metadata, status } : metadata, trigger);
    // A built-in kind has its outcome in an annotation: what its status would say is only emitted as an Event.
    if (answer.kind === "ok" && (isTogether || !ownsStatus))
      tell(run, trigger, desired ?? report.status(trigger, trouble));
    if (answer.kind === "fault" || isTogether || status === undefined)
      return { ...answered(run, answer), isOfAnnotations: true };
    current = answer.value;
  }
  const answer = await send(run, { status: status ?? {} }, current, hasStatus ? "status" : undefined);
  if (answer.kind === "ok" && desired !== undefined)
    withSpanSync(SPAN.statusTell, {}, () => {
      rememberStatus(run, desired, answer.value);
      tell(run, trigger, desired);
    });
  return answered(run, answer);
}

function tell(run: RunContext, trigger: JsonObject, status: JsonObject): void {
  announceReady(run.ports.events, trigger, readyCondition({ status }));
}

/** The annotations and the part of the status that differ, and the status as it should be. */
function prepare(run: RunContext, report: TriggerReport, trigger: JsonObject, trouble: PermFail | undefined) {
  const ownsStatus = !isBuiltInGroup(run.trigger.ref.type.group);
  const recorded = trouble === undefined ? report.annotations : {};
  const outcome = { [ANNOTATION.outcome]: trouble === undefined ? report.outcomeText : outcomeLine(trouble) };
  const metadata = annotationPatch(trigger, ownsStatus ? recorded : { ...recorded, ...outcome });
  const desired = ownsStatus ? report.status(trigger, trouble) : undefined;
  const status = desired === undefined ? undefined : statusChange(run, trigger, desired);
  return { metadata, status, desired, ownsStatus };
}

function statusChange(run: RunContext, trigger: JsonObject, desired: JsonObject): JsonObject | undefined {
  const patch = statusPatch(member(trigger, "status"), desired);
  return patch === undefined || isKnownPruned(run, desired, trigger) ? undefined : patch;
}

function send(
  run: RunContext,
  body: JsonObject,
  current: JsonObject,
  subresource?: "status",
): Promise<ClusterResult<JsonObject>> {
  checkMayWrite(run);
  const resourceVersion = versionOf(current);
  const metadata = { ...(member(body, "metadata") as JsonObject | undefined), resourceVersion };
  return run.ports.store.patch(run.trigger.ref, { ...body, metadata }, run.signal, subresource);
}

function answered(run: RunContext, answer: ClusterResult<JsonObject>): WriteAttempt {
  if (answer.kind === "ok") return { kind: "written", changed: true };
  if (answer.fault.kind === "conflict") return { kind: "conflict" };
  if (isGone(answer.fault)) return { kind: "gone" };
  if (answer.fault.kind === "aborted") throw abandonRun(run);
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
