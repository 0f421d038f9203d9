/** The objects a trigger keeps: read from its inventory, each with what the cluster says of it now. */
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { ANNOTATION } from "../core/names.ts";
import { formatApiVersion, parseApiVersion } from "../core/object-key.ts";
import { parseInventory } from "../core/resource/inventory.ts";
import type { Connection } from "./connection.ts";

export interface ManagedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Labels of the steps that lead to it; "" where only the original's record is there. */
  readonly step: string;
  readonly readonly: boolean;
  /** present, deleting, missing, or why it cannot be read. */
  readonly state: string;
}

type Named = Omit<ManagedObject, "state">;

export async function managedObjects(connection: Connection, trigger: JsonObject): Promise<readonly ManagedObject[]> {
  const named = namedObjects(trigger);
  return Promise.all(named.map(async (each) => ({ ...each, state: await stateOf(connection, each) })));
}

function namedObjects(trigger: JsonObject): readonly Named[] {
  const metadata = member(trigger, "metadata");
  const annotations = member(metadata, "annotations");
  const inventory = parseInventory(textMember(annotations, ANNOTATION.inventory), textMember(metadata, "uid"));
  if (inventory.length > 0) return inventory.map((entry) => ({ ...entry, apiVersion: formatApiVersion(entry) }));
  return recorded(parsed(textMember(annotations, ANNOTATION.managedResources)));
}

/** Koreo's own record: resources, nested in lists and by step of sub-workflows. */
function recorded(value: JsonValue): readonly Named[] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(recorded);
  if (!isJsonObject(value)) return [];
  const [apiVersion, kind, name] = [
    textMember(value, "apiVersion"),
    textMember(value, "kind"),
    textMember(value, "name"),
  ];
  if (apiVersion === "" || kind === "" || name === "") return Object.values(value).flatMap(recorded);
  const readonly = member(value, "readonly") === true;
  return [{ apiVersion, kind, namespace: textMember(value, "namespace"), name, step: "", readonly }];
}

async function stateOf({ store, signal }: Connection, { apiVersion, kind, namespace, name }: Named): Promise<string> {
  const type = await store.resolve({ ...parseApiVersion(apiVersion), kind }, signal);
  if (type.kind === "fault") return type.fault.kind === "unknownKind" ? "kind not served" : type.fault.kind;
  const read = await store.get({ type: type.value, namespace, name }, signal);
  if (read.kind === "fault") return read.fault.kind === "notFound" ? "missing" : read.fault.kind;
  return memberAt(read.value, ["metadata", "deletionTimestamp"]) === undefined ? "present" : "deleting";
}

function parsed(text: string): JsonValue {
  try {
    return text === "" ? null : (JSON.parse(text) as JsonValue);
  } catch {
    return null;
  }
}
