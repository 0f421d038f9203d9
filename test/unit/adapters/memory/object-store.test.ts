import { beforeEach, describe, expect, it } from "vitest";
import { MemoryCluster, type MemoryClusterOptions } from "../../../../src/adapters/memory/object-store.ts";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import { memberAt, type JsonObject } from "../../../../src/core/json.ts";
import { formatApiVersion } from "../../../../src/core/object-key.ts";
import type { ClusterFault, DeletePreconditions } from "../../../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, GADGET, WIDGET } from "../../../contract/object-kinds.ts";
import { faultOf, metadataText, valueOf } from "../../../contract/object-store.ts";

const signal = new AbortController().signal;
const LOST: ClusterFault = { kind: "unavailable", detail: "cut" };

let cluster: MemoryCluster;
const clusterOf = (options: Partial<MemoryClusterOptions> = {}) =>
  new MemoryCluster({ clock: systemClock, types: [WIDGET, GADGET, CONFIG_MAP], ...options });

const refOf = (name: string, type = WIDGET) => ({ type, namespace: "n", name });
async function create(
  name: string,
  owners: readonly JsonObject[] = [],
  finalizers: readonly string[] = [],
): Promise<JsonObject> {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: formatApiVersion(WIDGET),
    kind: "Widget",
    name: metadataText(owner, "name"),
    uid: metadataText(owner, "uid"),
  }));
  const metadata = { name, namespace: "n", ownerReferences, finalizers };
  return valueOf(
    await cluster.create(refOf(name), { apiVersion: formatApiVersion(WIDGET), kind: "Widget", metadata }, signal),
  );
}
const remove = async (object: JsonObject, propagationPolicy: DeletePreconditions["propagationPolicy"] = "Background") =>
  valueOf(
    await cluster.delete(
      refOf(metadataText(object, "name")),
      { uid: metadataText(object, "uid"), propagationPolicy },
      signal,
    ),
  );
const names = async () =>
  valueOf(await cluster.list(WIDGET, {}, signal)).items.map((item) => metadataText(item, "name"));

describe("MemoryCluster with garbage collection", () => {
  beforeEach(() => {
    cluster = clusterOf({ collectsGarbage: true });
  });

  it("deletes dependents when the last of their owners is gone, all the way down", async () => {
    const [a, b] = [await create("a"), await create("b")];
    const child = await create("child", [a, b]);
    await create("grandchild", [child]);
    await remove(a);
    expect(await names()).toEqual(["b", "child", "grandchild"]);
    await remove(b);
    expect(await names()).toEqual([]);
  });

  it("waits for finalizers of dependents when deleting in the foreground", async () => {
    const owner = await create("owner");
    await create("free", [owner]);
    await create("held", [owner], ["koreo.test/hold"]);
    await remove(owner, "Foreground");
    expect(await names()).toEqual(["held", "owner"]);
    await cluster.patch(refOf("held"), { metadata: { finalizers: null } }, signal);
    expect(await names()).toEqual([]);
  });

  it("cuts dependents loose when told to orphan them", async () => {
    const owner = await create("owner");
    const other = await create("other");
    await create("child", [owner, other]);
    await remove(owner, "Orphan");
    expect(await names()).toEqual(["child", "other"]);
    const references = memberAt(valueOf(await cluster.get(refOf("child"), signal)), ["metadata", "ownerReferences"]);
    expect(references).toMatchObject([{ name: "other" }]);
  });

  it("deletes what is created for an owner that is gone", async () => {
    const owner = await create("owner");
    await remove(owner);
    await create("late", [owner]);
    expect(await names()).toEqual([]);
  });
});

describe("MemoryCluster", () => {
  it("leaves dependents alone without garbage collection", async () => {
    cluster = clusterOf();
    const owner = await create("owner");
    await create("child", [owner]);
    await remove(owner, "Foreground");
    expect(await names()).toEqual(["child"]);
  });

  it("refuses by hook before a request is executed, and loses its answer by hook afterwards", async () => {
    let phase: "before" | "after" | "none" = "before";
    cluster = clusterOf({
      before: (verb, target) => (phase === "before" && verb === "create" && target.name === "a" ? LOST : undefined),
      after: (verb) => (phase === "after" && verb === "create" ? LOST : undefined),
    });
    const body = { apiVersion: formatApiVersion(WIDGET), kind: "Widget", metadata: { name: "a" } };
    expect(faultOf(await cluster.create(refOf("a"), body, signal))).toEqual(LOST);
    expect(await names()).toEqual([]);
    phase = "after";
    expect(faultOf(await cluster.create(refOf("a"), body, signal))).toEqual(LOST);
    phase = "none";
    expect(await names()).toEqual(["a"]);
    expect(faultOf(await cluster.create(refOf("a"), body, signal)).kind).toBe("alreadyExists");
  });

  it("serves one object in every version of its kind", async () => {
    cluster = clusterOf();
    cluster.register({ ...WIDGET, version: "v2" });
    await create("a");
    expect(valueOf(await cluster.get(refOf("a", { ...WIDGET, version: "v2" }), signal))["apiVersion"]).toBe(
      "contract.koreo.test/v2",
    );
    expect(valueOf(await cluster.resolve({ group: WIDGET.group, kind: "Widget" }, signal)).version).toBe("v1");
    expect(valueOf(await cluster.resolve({ group: WIDGET.group, kind: "Widget", version: "v2" }, signal)).version).toBe(
      "v2",
    );
  });

  it("gives kinds like ConfigMap no generation", async () => {
    cluster = clusterOf();
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: {} };
    const object = valueOf(await cluster.create(refOf("a", CONFIG_MAP), body, signal));
    expect(memberAt(object, ["metadata", "generation"])).toBeUndefined();
  });

  it("expires continue tokens with its history", async () => {
    cluster = clusterOf();
    for (const name of ["a", "b"]) await create(name);
    const { continueToken = "" } = valueOf(await cluster.list(WIDGET, { limit: 1 }, signal));
    cluster.compact();
    expect(faultOf(await cluster.list(WIDGET, { limit: 1, continueToken }, signal)).kind).toBe("expired");
  });

  it("refuses selectors it does not know", async () => {
    cluster = clusterOf();
    await create("a");
    expect(faultOf(await cluster.list(WIDGET, { labelSelector: "a in (b)" }, signal)).kind).toBe("invalid");
  });
});
