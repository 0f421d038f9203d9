/**
 * What must stand on the cluster for a trigger, worked out from what its user wrote and nothing else: the same rules as the
 * definitions of `platform.ts`, in other words. Every object carries a token `<trigger>.<number>` of the edit it answers.
 */
import { member, memberAt, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { CLUSTER_ROLE, CONFIG_MAP, LEASE, NAMESPACE, placeOf } from "./kinds.ts";
import { REFERENCE, type PlatformState } from "./platform.ts";

/** A trigger as its user wants it. */
export interface WantedTrigger {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  /** Of the API server, from its answer to the last write. */
  readonly uid: string;
  readonly generation: number;
  /** Rises with every edit of any trigger of this name, also across deletion. */
  readonly edit: number;
  readonly items: readonly string[];
  /** Of Spaces: which shared namespace. */
  readonly group: string;
}

/** An object that must be there, and what it must hold. */
export interface ExpectedObject {
  readonly type: ResourceType;
  readonly place: string;
  readonly namespace: string;
  readonly name: string;
  /** Every member must be there; more is others' business. */
  readonly content: JsonObject;
}

export function tokenOf({ name, edit }: Pick<WantedTrigger, "name" | "edit">): string {
  return `${name}.${edit}`;
}

/** The spec a user writes. */
export function specOf(trigger: Pick<WantedTrigger, "name" | "edit" | "items" | "group">): JsonObject {
  return { text: tokenOf(trigger), items: [...trigger.items], group: trigger.group };
}

export function expectedOf(trigger: WantedTrigger, state: PlatformState): readonly ExpectedObject[] {
  const { type, namespace, name, items, group } = trigger;
  const text = tokenOf(trigger);
  const map = (suffix: string, data: JsonObject, where = namespace) =>
    object(CONFIG_MAP, where, `${name}-${suffix}`, { data });
  const lease = (suffix: string) => object(LEASE, namespace, `${name}-${suffix}`, { spec: { holderIdentity: text } });
  const extra = state.hasExtra ? [map("extra", { text })] : [];
  const revision = String(state.revision);
  switch (type.kind) {
    case "Shop":
      return [
        map("config", { text, revision }),
        lease("lock"),
        ...items.map((item) => map(`item-${item}`, { text, item })),
        ...extra,
      ];
    case "Site":
      return [
        map("first", { text, revision }),
        lease("second"),
        ...items.map((item) => map(`page-${item}`, { text, item })),
        ...extra,
      ];
    default:
      return [
        object(NAMESPACE, "", `shared-${group}`, { metadata: { labels: { "chaos.koreo.test/shared": "yes" } } }),
        object(CLUSTER_ROLE, "", `chaos-${name}`, { rules: [role(text)] }),
        map("far", { text }, `shared-${group}`),
        map("near", { text, given: REFERENCE.text }),
      ];
  }
}

/** The token an object carries; undefined where there is none. */
export function tokenIn(object: JsonObject): string | undefined {
  const token =
    memberAt(object, ["data", "text"]) ??
    memberAt(object, ["spec", "holderIdentity"]) ??
    firstOf(member(firstOf(member(object, "rules")), "resourceNames"));
  return typeof token === "string" ? token : undefined;
}

/** Whether the object holds all of the content; lists must be equal. */
export function holds(observed: JsonValue | undefined, content: JsonValue): boolean {
  if (Array.isArray(content))
    return (
      Array.isArray(observed) &&
      observed.length === content.length &&
      content.every((item, index) => holds((observed as JsonValue[])[index], item as JsonValue))
    );
  if (content === null || typeof content !== "object") return observed === content;
  if (observed === null || typeof observed !== "object" || Array.isArray(observed)) return false;
  return Object.entries(content).every(([name, value]) => holds((observed as JsonObject)[name], value));
}

function firstOf(value: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(value) ? (value as readonly JsonValue[])[0] : undefined;
}

function role(text: string): JsonObject {
  return { apiGroups: [""], resources: ["configmaps"], resourceNames: [text], verbs: ["get"] };
}

function object(type: ResourceType, namespace: string, name: string, content: JsonObject): ExpectedObject {
  return { type, place: placeOf(type, namespace, name), namespace, name, content };
}
