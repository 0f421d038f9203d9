/**
 * For kinds whose schema lacks some of the fields we write: the API server drops them, so the status differs from the
 * wanted one for ever. We remember what the server stored, so that a status is sent once and not on every run.
 */
import { contentHash } from "../core/hash.ts";
import { isJsonObject, member, type JsonObject, type JsonValue } from "../core/json.ts";
import { statusPatch } from "../core/status/report.ts";
import { regarding } from "./announce.ts";
import type { RunContext } from "./run-context.ts";

/** Whether exactly this status was sent before, and the current one is what the server stored then. */
export function isKnownPruned({ memory, trigger }: RunContext, desired: JsonObject, current: JsonObject): boolean {
  const known = memory.prunedStatuses.get(trigger.uid);
  return known !== undefined && known.stored === hashOf(statusOf(current)) && known.desired === hashOf(desired);
}

/** @param answer - the trigger as the server stored it after `desired` was sent */
export function rememberStatus(run: RunContext, desired: JsonObject, answer: JsonObject): void {
  const { memory, trigger, log, ports } = run;
  const left = statusPatch(statusOf(answer), desired);
  if (left === undefined) {
    memory.prunedStatuses.delete(trigger.uid);
    return;
  }
  if (memory.prunedStatuses.get(trigger.uid) === undefined) {
    const fields = Object.keys(left);
    log.warn({ fields }, "the schema of this kind drops fields of the status: add them to its CRD");
    const message = `The schema of this kind drops fields that belong into its status: add them to the CustomResourceDefinition (below status: ${fields.join(", ")}).`;
    ports.events.emit({ regarding: regarding(trigger.object), type: "Warning", reason: "StatusPruned", message });
  }
  memory.prunedStatuses.set(trigger.uid, { desired: hashOf(desired), stored: hashOf(statusOf(answer)) });
}

function statusOf(trigger: JsonObject): JsonObject {
  const status = member(trigger, "status");
  return isJsonObject(status) ? status : {};
}

/** Leaves times out: where the schema drops them, every look would make new ones. */
function hashOf(status: JsonObject): string {
  const conditions = member(status, "conditions");
  if (!Array.isArray(conditions)) return contentHash(status);
  return contentHash({ ...status, conditions: (conditions as readonly JsonValue[]).map(untimed) });
}

const BLOCKED_SINCE = /(?<=Blocked since )\S+/;

function untimed(condition: JsonValue): JsonValue {
  if (!isJsonObject(condition)) return condition;
  const { lastTransitionTime: _time, message, ...others } = condition;
  return typeof message === "string" ? { ...others, message: message.replace(BLOCKED_SINCE, "") } : others;
}
