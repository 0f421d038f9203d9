/** The safety case of deletion, case by case: what the mark and the inventory say, who owns the object, and who asks. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { formatKey } from "../../../../src/core/object-key.ts";
import { withMark, type DeletePolicy, type Mark } from "../../../../src/core/resource/mark.ts";
import { judgeRemoval, type RemovalRequest } from "../../../../src/core/resource/removal.ts";

const KEY = formatKey({ cluster: "local", group: "t.test", kind: "Request", namespace: "apps", name: "one" });
const OTHER = formatKey({ cluster: "local", group: "t.test", kind: "Request", namespace: "apps", name: "two" });
const TRIGGER = { key: KEY, uid: "u-one" };
const OBJECT = { group: "", kind: "ConfigMap", namespace: "apps", name: "x" };
const POLICIES: readonly DeletePolicy[] = ["default", "destroy", "abandon"];

function marked(
  policy: DeletePolicy,
  { owners = [], more = {} }: { owners?: readonly string[]; more?: Partial<Mark> } = {},
) {
  const ownerReferences = owners.map((uid) => ({ apiVersion: "t.test/v1", kind: "Request", name: uid, uid }));
  const metadata = { name: "x", namespace: "apps", uid: "u-x", resourceVersion: "7", ownerReferences };
  const object: JsonObject = { apiVersion: "v1", kind: "ConfigMap", metadata };
  const mark = { trigger: KEY, uid: TRIGGER.uid, ...OBJECT, step: "s", wave: 0, policy, owned: owners.length > 0 };
  return withMark(object, { ...mark, ...more });
}

const judge = (observed: JsonObject | null, more: Partial<RemovalRequest> = {}) =>
  judgeRemoval({
    object: OBJECT,
    policy: "destroy",
    readonly: false,
    observed,
    trigger: TRIGGER,
    purpose: "prune",
    ...more,
  });

describe("an object that nothing names any more", () => {
  it.each(
    (["prune", "finalize"] as const).flatMap((purpose) =>
      POLICIES.flatMap((inventory) => POLICIES.map((mark) => ({ purpose, inventory, mark }))),
    ),
  )("goes by the more careful of inventory ($inventory) and mark ($mark): $purpose", ({ purpose, inventory, mark }) => {
    const careful = [inventory, mark];
    const isAbandoned = careful.includes("abandon");
    const isDestroyed = careful.every((policy) => policy === "destroy");
    const ask = (owners: readonly string[]) => judge(marked(mark, { owners }), { policy: inventory, purpose }).kind;
    expect(ask([]), "un-owned").toBe(isDestroyed ? "delete" : "left");
    const byPolicy = purpose === "prune" && !isAbandoned ? "delete" : "left"; // the garbage collector ends with its owner
    expect(ask([TRIGGER.uid]), "owned").toBe(isDestroyed ? "delete" : byPolicy);
  });

  it.each([
    {
      name: "it has no mark",
      observed: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "apps" } },
    },
    { name: "the mark names another trigger", observed: marked("destroy", { more: { trigger: OTHER } }) },
    {
      name: "the mark is of a trigger of this name that is gone",
      observed: marked("destroy", { more: { uid: "u-before" } }),
    },
    { name: "the mark was copied from another object", observed: marked("destroy", { more: { name: "y" } }) },
    {
      name: "it has other owners, too",
      observed: marked("default", { owners: ["u-one", "u-else"] }),
      policy: "default" as const,
    },
    { name: "somebody took the owner reference off", observed: marked("destroy", { more: { owned: true } }) },
  ])("stays when $name", ({ observed, policy = "destroy" }: { observed: JsonObject; policy?: DeletePolicy }) => {
    expect(judge(observed, { policy }).kind).toBe("left");
  });

  it("stays where it is only read, or where another request made it", () => {
    expect(judge(marked("destroy"), { readonly: true }).kind).toBe("left");
    expect(judge(marked("destroy"), { requests: new Set(["another"]) }).kind).toBe("left");
  });

  it("stays with its owner's orphans, if whoever deleted the trigger said so", () => {
    const owned = marked("destroy", { owners: [TRIGGER.uid] });
    expect(judge(owned, { purpose: "finalize", keepsOwned: true }).kind).toBe("left");
    expect(judge(owned, { purpose: "finalize", keepsOwned: false }).kind).toBe("delete");
  });

  it("is gone, or going and held by somebody", () => {
    expect(judge(null)).toEqual({ kind: "gone" });
    const object = marked("destroy");
    const metadata = {
      ...(object["metadata"] as JsonObject),
      deletionTimestamp: "2026-01-02T03:04:05Z",
      finalizers: ["a.b/c"],
    };
    expect(judge({ ...object, metadata })).toEqual({ kind: "going", since: "2026-01-02T03:04:05Z", heldBy: ["a.b/c"] });
  });
});
