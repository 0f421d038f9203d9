/** The objects that a trigger names: from its inventory, else from the record that the original controller left. */
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../json.ts";
import { ANNOTATION } from "../names.ts";
import { formatApiVersion } from "../object-key.ts";
import { parseInventory } from "./inventory.ts";

export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  /** Labels of the steps that lead to it, joined by `/`; "" when only the original's record exists. */
  readonly step: string;
  readonly readonly: boolean;
}

export function namedObjects(trigger: JsonObject): readonly NamedObject[] {
  const metadata = member(trigger, "metadata");
  const annotations = member(metadata, "annotations");
  const inventory = parseInventory(textMember(annotations, ANNOTATION.inventory), textMember(metadata, "uid"));
  if (inventory.length === 0) return originalRecord(trigger);
  return inventory.map((entry) => {
    const { kind, namespace, name, step, readonly } = entry;
    return { apiVersion: formatApiVersion(entry), kind, namespace, name, step, readonly };
  });
}

/** From Koreo's own record only, which we also write. */
export function originalRecord(trigger: JsonObject): readonly NamedObject[] {
  const annotations = memberAt(trigger, ["metadata", "annotations"]);
  return recorded(parsed(textMember(annotations, ANNOTATION.managedResources)));
}

/** Deeper than Workflows call each other; people who may write the annotation could nest it without end. */
const MAX_DEPTH = 100;

/** Koreo's own record: resources, nested in lists and by the steps of sub-workflows. */
function recorded(value: JsonValue, depth = 0): readonly NamedObject[] {
  if (depth > MAX_DEPTH) return [];
  const within = (inner: JsonValue) => recorded(inner, depth + 1);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(within);
  if (!isJsonObject(value)) return [];
  const [apiVersion, kind, name] = [
    textMember(value, "apiVersion"),
    textMember(value, "kind"),
    textMember(value, "name"),
  ];
  if (apiVersion === "" || kind === "" || name === "") return Object.values(value).flatMap(within);
  const readonly = member(value, "readonly") === true;
  return [{ apiVersion, kind, namespace: textMember(value, "namespace"), name, step: "", readonly }];
}

function parsed(text: string): JsonValue {
  try {
    return text === "" ? null : (JSON.parse(text) as JsonValue);
  } catch {
    return null;
  }
}
