/** Reads what stands on a cluster in the form of `expected.json`: less what the server fills in and what only we write. */
import {
  formatJson,
  isJsonObject,
  member,
  memberAt,
  parseJson,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import type { CorpusCluster } from "./workflows-cluster.ts";
import { kindsOf } from "./workflows-kinds.ts";
import {
  listOf,
  objectId,
  triggerId,
  type ClusterState,
  type TriggerState,
  type WorkflowCase,
} from "./workflows-corpus.ts";

/** Where objects of a case are; "" are the cluster-scoped ones. */
const PLACES: ReadonlySet<string> = new Set(["apps", "other", ""]);
const FILLED_IN: ReadonlySet<string> = new Set([
  ...[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
  ],
]);
/** What the original, too, reads or writes under `koreo.dev/`; the record of a managed object is compared by itself. */
const KOREO_TEXTS: ReadonlySet<string> = new Set([
  ...[ANNOTATION.workflow, ANNOTATION.mergeConditions, ANNOTATION.managedResources],
  ...["koreo.dev/last-manual-reconcile", "koreo.dev/active"],
]);
/** Newer servers put it on namespaces. */
const NAMESPACE_LABEL = "kubernetes.io/metadata.name";
const TIMES: ReadonlySet<string> = new Set(["lastTransitionTime", "lastUpdateTime", "observedGeneration"]);

/** Reads the objects of one case. Keeps the uids it has seen, for those of deleted objects stand in owner references. */
export class CaseReader {
  readonly #cluster: CorpusCluster;
  readonly #case: WorkflowCase;
  readonly #names = new Map<string, string>();
  /** Uids of what was there before the case. */
  readonly #before = new Set<string>();

  constructor(cluster: CorpusCluster, read: WorkflowCase) {
    this.#cluster = cluster;
    this.#case = read;
  }

  /** Notes what does not belong to the case. */
  async begin(): Promise<void> {
    for (const object of await this.#list()) this.#before.add(uidOf(object));
  }

  /** Objects of the case, as they are. */
  async objects(): Promise<readonly JsonObject[]> {
    const objects = (await this.#list()).filter((object) => !this.#before.has(uidOf(object)));
    for (const object of objects) this.#names.set(uidOf(object), triggerId(object));
    return objects;
  }

  async state(): Promise<ClusterState> {
    const standing = new Map((await this.objects()).map((object) => [objectId(object), object]));
    const triggers = this.#case.triggers.map((trigger) => {
      const found = standing.get(objectId(trigger));
      standing.delete(objectId(trigger));
      return this.#triggerState(trigger, found);
    });
    const records = [...standing].flatMap(([id, object]) => {
      const text = textMember(memberAt(object, ["metadata", "annotations"]), ANNOTATION.lastApplied);
      return text === "" ? [] : [[id, this.#named(parseJson(text))] as const];
    });
    const objects = [...standing].map(([id, object]) => [id, this.#named(comparableObject(object))]);
    return {
      triggers,
      objects: Object.fromEntries(objects) as JsonObject,
      lastApplied: Object.fromEntries(records),
    };
  }

  /** The state in one text, to see whether anything changes. */
  async text(): Promise<string> {
    return formatJson((await this.state()) as unknown as JsonValue);
  }

  async #list(): Promise<readonly JsonObject[]> {
    const lists = await Promise.all(kindsOf(this.#case).map((kind) => this.#cluster.list(kind)));
    return lists
      .flat()
      .filter((object) => PLACES.has(textMember(member(object, "metadata"), "namespace")) || this.#isTrigger(object));
  }

  #isTrigger(object: JsonObject): boolean {
    return this.#case.triggers.some((trigger) => objectId(trigger) === objectId(object));
  }

  #triggerState(trigger: JsonObject, found: JsonObject | undefined): TriggerState {
    const managed = textMember(memberAt(found, ["metadata", "annotations"]), ANNOTATION.managedResources);
    return {
      ...triggerStatus(triggerId(trigger), member(found, "status")),
      isMissing: found === undefined,
      managedResources: managed === "" ? null : parseJson(managed),
    };
  }

  /** With uids by the names of their objects. */
  #named(value: JsonValue): JsonValue {
    if (typeof value === "string") {
      const name = this.#names.get(value);
      return name === undefined ? value : `<uid of ${name}>`;
    }
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => this.#named(item));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#named(item)]));
  }
}

/** The status of a trigger, as the corpus takes it apart. */
export function triggerStatus(id: string, status: JsonValue | undefined): TriggerState {
  const others = isJsonObject(status) ? Object.entries(status).filter(([name]) => !KOREO_STATUS.has(name)) : [];
  return {
    id,
    isMissing: false,
    conditions: listOf(member(status, "conditions")).map(withoutTimes),
    state: member(status, "state") ?? {},
    koreo: member(status, "koreo") ?? {},
    managedResources: null,
    statusOther: Object.fromEntries(others),
  };
}

const KOREO_STATUS: ReadonlySet<string> = new Set(["conditions", "state", "koreo", "observedGeneration"]);

/** An object without what the server fills in, what only we write, and the record; also applied to recorded ones. */
export function comparableObject(object: JsonObject): JsonObject {
  const metadata = (member(object, "metadata") ?? {}) as JsonObject;
  const kept = Object.entries(metadata).flatMap(([name, value]) => {
    if (FILLED_IN.has(name)) return [];
    if (name === "deletionTimestamp") return [[name, "<set>"]];
    if (name !== "labels" && name !== "annotations") return [[name, value]];
    const foreign = comparableTexts(value);
    return Object.keys(foreign).length === 0 ? [] : [[name, foreign]];
  });
  const status = member(object, "status");
  const conditions = member(status, "conditions");
  return {
    ...object,
    metadata: Object.fromEntries(kept) as JsonObject,
    ...(isJsonObject(status) && Array.isArray(conditions)
      ? { status: { ...withoutOwnGeneration(status), conditions: listOf(conditions).map(withoutTimes) } }
      : {}),
  };
}

/** Labels or annotations less ours, the record of managed resources as the value it is. */
function comparableTexts(texts: JsonValue): JsonObject {
  const kept = Object.entries(isJsonObject(texts) ? texts : {}).filter(
    ([name]) => (!name.startsWith("koreo.dev/") || KOREO_TEXTS.has(name)) && name !== NAMESPACE_LABEL,
  );
  return Object.fromEntries(
    kept.map(([name, text]) => [
      name,
      name === ANNOTATION.managedResources && typeof text === "string" ? parseJson(text) : text,
    ]),
  );
}

function withoutTimes(condition: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(condition).filter(([name]) => !TIMES.has(name)));
}

function withoutOwnGeneration(status: JsonObject): JsonObject {
  const { observedGeneration: _generation, ...rest } = status;
  return rest;
}

function uidOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "uid");
}
