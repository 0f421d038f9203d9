/** What a watcher keeps of a trigger: enough to decide about wake-ups, and a small part of the object. */
import { member, memberAt, textMember, type JsonObject } from "../../core/json.ts";
import { isGoing } from "../../core/object.ts";
import { ANNOTATION } from "../../core/names.ts";
import { formatKey, type GroupKind, type KeyText } from "../../core/object-key.ts";
import { hasFinalizer } from "../finalizer.ts";
import { triggerFingerprint } from "../wake.ts";

export interface TriggerDigest {
  readonly key: KeyText;
  readonly uid: string;
  readonly fingerprint: string;
  readonly isGoing: boolean;
  /** The Workflow that its annotation names; "" for none. */
  readonly asked: string;
  /** Whether it carries an inventory or a finalizer of ours. */
  readonly isRecorded: boolean;
  /** The trigger's generation, and the one its status was written for; undefined where nobody says. */
  readonly generation: number | undefined;
  readonly observed: number | undefined;
}

export function digestOf(trigger: JsonObject, cluster: string, { group, kind }: GroupKind): TriggerDigest {
  const metadata = member(trigger, "metadata");
  const annotations = member(metadata, "annotations");
  const [namespace, name] = [textMember(metadata, "namespace"), textMember(metadata, "name")];
  return {
    key: formatKey({ cluster, group, kind, namespace, name }),
    uid: textMember(metadata, "uid"),
    fingerprint: triggerFingerprint(trigger),
    isGoing: isGoing(trigger),
    asked: textMember(annotations, ANNOTATION.workflow),
    isRecorded: textMember(annotations, ANNOTATION.inventory) !== "" || hasFinalizer(trigger),
    generation: numberAt(trigger, ["metadata", "generation"]),
    observed: numberAt(trigger, ["status", "observedGeneration"]),
  };
}

function numberAt(trigger: JsonObject, path: readonly string[]): number | undefined {
  const value = memberAt(trigger, path);
  return typeof value === "number" ? value : undefined;
}
