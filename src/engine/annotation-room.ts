/**
 * Trims a report to what fits on the trigger: the API server limits the annotations of one object, those of others
 * included. Koreo's record is the first to go, because nothing of ours needs it; the inventory stays.
 */
import { isJsonObject, member, parseJson, textMember, type JsonObject } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { permFail, type PermFail } from "../core/outcome.ts";
import { MAX_INVENTORY_ENTRIES } from "../core/resource/inventory.ts";
import type { TriggerReport } from "./trigger-report.ts";

/** Names and values together, in bytes. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

const ADVICE = "Split the workflow, so that each trigger has fewer objects";

/** The path that messages name when the annotations do not fit. */
export const ANNOTATIONS_PLACE = "metadata.annotations";

/**
 * Checks the size before sending: a quarter of a megabyte on every run, only to be refused, helps nobody.
 *
 * @returns the report as it fits, or why none of its annotations can be written
 */
export function fitted(report: TriggerReport, trigger: JsonObject): TriggerReport | PermFail {
  const { annotations, objects } = report;
  if (objects > MAX_INVENTORY_ENTRIES)
    return permFail(
      `this trigger has ${objects} objects, and can have ${MAX_INVENTORY_ENTRIES}. ${ADVICE}`,
      ANNOTATIONS_PLACE,
    );
  if (isRoomFor(annotations, trigger)) return report;
  const less = { ...annotations, [ANNOTATION.managedResources]: emptied(annotations[ANNOTATION.managedResources]) };
  const bytes = sizeWith(less, trigger);
  if (bytes <= MAX_ANNOTATION_BYTES) return { ...report, annotations: less };
  const message = `the annotations of this trigger are too large: ${bytes} bytes with ${objects} objects, and the API server takes ${MAX_ANNOTATION_BYTES}. ${ADVICE}`;
  return permFail(message, ANNOTATIONS_PLACE);
}

/** Whether the API server takes the trigger with these annotations. */
export function isRoomFor(annotations: TriggerReport["annotations"], trigger: JsonObject): boolean {
  return sizeWith(annotations, trigger) <= MAX_ANNOTATION_BYTES;
}

function sizeWith(annotations: TriggerReport["annotations"], trigger: JsonObject): number {
  const present = member(member(trigger, "metadata"), "annotations") as Readonly<Record<string, string>> | undefined;
  const encoder = new TextEncoder();
  return Object.entries({ ...present, ...annotations })
    .map(([name, text]) => encoder.encode(name + text).length)
    .reduce((sum, each) => sum + each, 0);
}

/** An empty record in Koreo's shape. */
function emptied(record = "{}"): string {
  const value = parseJson(record);
  return JSON.stringify({ workflow: isJsonObject(value) ? textMember(value, "workflow") : "", resources: {} });
}
