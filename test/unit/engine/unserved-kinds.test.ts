/** A kind that is not served for a moment: nothing of it counts as gone until it is gone for good. */
import { afterEach, describe, expect, it } from "vitest";
import { memberAt, textMember } from "../../../src/core/json.ts";
import { withMark } from "../../../src/core/resource/mark.ts";
import { CUSTOM_KINDS, SERVED_GROUPS } from "../../../src/engine/declared-kind.ts";
import type { ResourceType } from "../../../src/engine/ports/object-store.ts";
import { customKind, finalizers, inventoryOf, keeper, OURS } from "./lifecycle-bench.ts";
import { CONFIG_MAP, keyOf, keeps, request, REQUEST, step, WorkerBench, workflow } from "./worker-bench.ts";

const GADGET: ResourceType = { ...REQUEST, kind: "Gadget", plural: "gadgets" };
const SIGNAL = new AbortController().signal;
const SAID = "Gadget apps/g: the API server does not serve Gadget.t.koreo.test, ";

let bench: WorkerBench;
afterEach(() => bench.stop());

const gadget = (spec = "", owned = true) => `
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: g, namespace: defs }
spec:
  apiConfig: { apiVersion: t.koreo.test/v1, kind: Gadget, name: g, namespace: apps, owned: ${owned} }
  resource: { spec: { text: x } }
  ${spec}
`;
const destroyed = gadget("delete: { destroy: {} }", false);
const flow = workflow(step("g"), step("k"));
const all = (gadgets: string) => flow + gadgets + keeper("k") + request("one");

const start = async (yaml: string, readable: readonly ResourceType[] = [CUSTOM_KINDS, SERVED_GROUPS]) => {
  bench = await WorkerBench.start(yaml, { kinds: [GADGET, ...readable] });
  await bench.run("one");
  await bench.run("one");
  if (readable.length > 0) await bench.apply(customKind(GADGET));
};
const isThere = async () =>
  (await bench.cluster.get({ type: GADGET, namespace: "apps", name: "g" }, SIGNAL)).kind === "ok";
const message = async (type: string) => (await bench.condition("one", type)).message;
const runAfter = async (ms: number) => {
  await bench.clock.advance(ms);
  await bench.run("one");
};
const undeclare = ({ group, plural }: ResourceType) => bench.delete(CUSTOM_KINDS, `${plural}.${group}`);

describe("a trigger that is deleted while a kind is not served", () => {
  it("waits and says for what, and its objects go once the kind is served again", async () => {
    await start(all(destroyed));
    const serve = bench.cluster.suspend(GADGET);
    await bench.delete(REQUEST, "one");
    for (let runs = 0; runs < 10; runs += 1) await runAfter(60_000);
    expect(await finalizers(bench, "one")).toEqual(OURS);
    expect(await message("Deleted")).toContain(
      `${SAID}but its CustomResourceDefinition gadgets.t.koreo.test is there: its objects cannot be looked for (since `,
    );
    serve();
    await runAfter(30_000);
    await bench.run("one");
    expect([await isThere(), await bench.get(REQUEST, "one")]).toEqual([false, undefined]);
  });

  it("waits for objects, too, that its marks alone know of", async () => {
    await start(all(destroyed));
    bench.cluster.suspend(GADGET);
    await bench.index.drop(keyOf(REQUEST, "one"), "all", 2);
    await bench.patch(REQUEST, "one", { metadata: { annotations: { "koreo.dev/inventory": null } } });
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await finalizers(bench, "one")).toEqual(OURS);
    expect(await message("Deleted")).toContain(
      "Gadget objects: the API server does not serve Gadget.t.koreo.test, but",
    );
  });

  it("goes once nothing declares the kind any more", async () => {
    await start(all(destroyed));
    bench.cluster.suspend(GADGET);
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    await undeclare(GADGET);
    await runAfter(30_000);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
  });

  it("goes after five answers in minutes where what declares kinds cannot be read", async () => {
    await start(all(destroyed), []);
    bench.cluster.suspend(GADGET);
    await bench.delete(REQUEST, "one");
    for (let runs = 0; runs <= 7; runs += 1) await runAfter(30_000);
    expect(await message("Deleted")).toContain(`${SAID}and whether it is gone for good cannot be read: `);
    await runAfter(30_000);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
  });

  it("begins to count anew when the kind was served in between, and after an hour", async () => {
    await start(all(destroyed), []);
    const serve = bench.cluster.suspend(GADGET);
    await bench.patch(REQUEST, "one", { metadata: { finalizers: [...OURS, "example.com/other"] } });
    await bench.cluster.patch(
      { type: GADGET, namespace: "apps", name: "g" },
      { metadata: { finalizers: ["example.com/held"] } },
      SIGNAL,
    );
    await bench.delete(REQUEST, "one");
    for (let runs = 0; runs < 4; runs += 1) await runAfter(60_000);
    serve();
    await runAfter(60_000);
    expect(await message("Deleted")).toContain("held by example.com/held");
    bench.cluster.suspend(GADGET);
    for (let runs = 0; runs < 4; runs += 1) await runAfter(60_000);
    for (let runs = 0; runs < 4; runs += 1) await runAfter(3_700_000);
    expect(await finalizers(bench, "one")).toContain(OURS[0]);
  });
});

describe("an object that no step names any more, of a kind that is not served", () => {
  it.each([
    { name: "owned", gadgets: gadget() },
    { name: "to be destroyed", gadgets: destroyed },
  ])("$name: is kept in mind, and goes once the kind is served again", async ({ gadgets }) => {
    await start(all(gadgets));
    const serve = bench.cluster.suspend(GADGET);
    await bench.apply(workflow(step("k")));
    await bench.run("one");
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toContain("g");
    expect(await message("Pruned")).toContain(SAID);
    serve();
    await bench.run("one");
    await bench.run("one");
    expect([await isThere(), await finalizers(bench, "one")]).toEqual([false, []]);
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual(["k"]);
  });
});

const ORDER: ResourceType = { ...REQUEST, kind: "Order", plural: "orders" };
const ORDERED = { type: ORDER, namespace: "apps", name: "two" };

it("an object of a trigger whose kind is not served is left to it by other triggers", async () => {
  bench = await WorkerBench.start(workflow(step("k")) + keeps("k") + request("one"), {
    kinds: [ORDER, CUSTOM_KINDS, SERVED_GROUPS],
  });
  await bench.apply(customKind(ORDER));
  const metadata = { name: "two", namespace: "apps" };
  await bench.cluster.create(ORDERED, { apiVersion: "t.koreo.test/v1", kind: "Order", metadata }, SIGNAL);
  const order = await bench.cluster.get(ORDERED, SIGNAL);
  const uid = order.kind === "ok" ? textMember(order.value["metadata"], "uid") : "";
  const place = { group: "", kind: "ConfigMap", namespace: "apps", name: "shared" };
  const rest = { step: "k", wave: 0, policy: "default", owned: false } as const;
  const object = withMark(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "shared", namespace: "apps" }, data: { text: "theirs" } },
    { trigger: keyOf(ORDER, "two"), uid, ...place, ...rest },
  );
  await bench.cluster.create({ type: CONFIG_MAP, ...place }, object, SIGNAL);
  await bench.index.add([{ object: keyOf(CONFIG_MAP, "shared"), trigger: keyOf(ORDER, "two"), fence: 1 }]);
  const text = async () => memberAt(await bench.get(CONFIG_MAP, "shared"), ["data", "text"]);

  await bench.run("one");
  expect((await bench.condition("one")).message).toContain("belongs to the trigger");
  bench.cluster.suspend(ORDER);
  await bench.run("one");
  expect([await text(), (await bench.condition("one")).message]).toEqual([
    "theirs",
    expect.stringContaining("the API server does not serve Order.t.koreo.test, but its CustomResourceDefinition"),
  ]);
  await undeclare(ORDER);
  await bench.clock.advance(30_000);
  await bench.run("one");
  expect(await text()).toBe("hello");
});
