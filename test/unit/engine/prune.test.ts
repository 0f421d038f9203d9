/** What becomes of objects that no step names any more: only after a complete run, never through a skip. */
import { afterEach, describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../src/core/names.ts";
import { finalizers, inventoryOf, keeper, names, OURS } from "./lifecycle-bench.ts";
import { CONFIG_MAP, keyOf, request, REQUEST, step, WorkerBench, workflow, type BenchOptions } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const start = async (yaml: string, options: BenchOptions = {}) => {
  bench = await WorkerBench.start(yaml + request("one"), options);
  await bench.run("one");
};
/** Without the step `b`. */
const withoutB = workflow(step("a"));
const both = (b: Parameters<typeof keeper>[1] = {}) => workflow(step("a"), step("b")) + keeper("a") + keeper("b", b);

describe("after a step is removed (invariant 8)", () => {
  it("its owned object goes, and the inventory with it", async () => {
    await start(both());
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    await bench.apply(withoutB);
    expect(await bench.writesOf("one")).toContain("delete ConfigMap/b");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual(["a"]);
    expect(bench.events).toContainEqual(expect.objectContaining({ reason: "Pruned" }));
    expect(await bench.writesOf("one")).toEqual([]);
  });

  it.each([
    ["it is abandoned", { spec: "delete: { abandon: {} }" }],
    ["its function never changes it", { update: "never" }],
  ])("the object stays where %s, and people are told", async (_name, b) => {
    await start(both(b));
    await bench.apply(withoutB);
    expect(await bench.writesOf("one")).not.toContain("delete ConfigMap/b");
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual(["a"]);
    const told = bench.events.find(({ reason }) => reason === "Left")?.message;
    expect(told).toContain("ConfigMap apps/b");
  });

  it("an object that is not owned stays without `delete`, and goes with `destroy`", async () => {
    const api = "owned: false";
    const un = workflow(step("a"), step("b"), step("c")) + keeper("a");
    await start(un + keeper("b", { api }) + keeper("c", { api, spec: "delete: { destroy: {} }" }));
    expect(await finalizers(bench, "one")).toEqual(OURS);
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b", "c"])).toEqual(["a", "b"]);
    expect(await finalizers(bench, "one")).toEqual([]);
  });

  it("an object that we did not create stays", async () => {
    bench = await WorkerBench.start(
      `${both()}${request("one")}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\ndata: { text: theirs }`,
    );
    await bench.run("one");
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
  });

  it("nothing goes while another step fails", async () => {
    await start(both());
    await bench.apply(workflow(step("a")) + keeper("a", { data: "{ text: =inputs.spec.missing }" }));
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    await bench.apply(keeper("a"));
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
  });

  it("an object that is held is waited for, told with who holds it and since when, and dropped once it is gone", async () => {
    await start(both());
    await bench.patch(CONFIG_MAP, "b", { metadata: { finalizers: ["example.com/hold"] } });
    await bench.apply(withoutB);
    const report = await bench.run("one");
    expect(report).toMatchObject({ kind: "done", workClass: 2 });
    const { reason, message } = await bench.condition("one", "Pruned");
    expect(reason).toBe("Waiting");
    expect(message).toMatch(/^ConfigMap apps\/b: deleting since \S+Z, held by example.com\/hold$/);
    expect(await bench.writesOf("one")).toEqual([]);
    await bench.patch(CONFIG_MAP, "b", { metadata: { finalizers: [] } });
    await bench.run("one");
    expect(await names(bench, ["b"])).toEqual([]);
    expect((await bench.condition("one", "Pruned")).reason).toBe("");
  });

  it("a paused trigger only says what would go", async () => {
    await start(both());
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.paused]: "true" } } });
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    expect((await bench.condition("one", "Paused")).message).toContain("ConfigMap apps/b should be deleted");
  });

  it("an object that another living trigger keeps too stays", async () => {
    await start(both());
    await bench.apply(request("two"));
    await bench.run("two"); // keeps a and b, as found
    await bench.apply(withoutB.replace("name: flow", "name: lone") + request("three"));
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.workflow]: "lone" } } });
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    expect(bench.events.find(({ reason }) => reason === "Left")?.message).toContain("Request/apps/two keeps it too");
  });
});

describe("while objects go", () => {
  it("none does before every trigger is known that may keep it too", async () => {
    await start(both());
    bench.index.isWhole = () => Promise.resolve(false);
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    expect((await bench.condition("one", "Pruned")).message).toContain("still finding out which triggers keep it too");
    bench.index.isWhole = () => Promise.resolve(true);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
  });

  it("whoever has very many gives way to others in between", async () => {
    const labels = Array.from({ length: 20 }, (_, at) => `o${at}`);
    const all = workflow(...labels.map((label) => step(label))) + labels.map((label) => keeper(label)).join("");
    await start(all, {
      before: async (verb) => {
        if (verb === "delete") await bench.clock.advance(130_000);
        return undefined;
      },
    });
    await bench.apply(workflow(step("o0")));
    await bench.run("one");
    const left = (await names(bench, labels)).length;
    expect(left).toBeGreaterThan(1);
    expect((await bench.condition("one", "Pruned")).message).toContain("the next run deletes it");
    await bench.run("one");
    expect(await names(bench, labels)).toEqual(["o0"]);
  });

  it("those that only read it are not asked whether they keep it, however many they are", async () => {
    let triggersRead = 0;
    await start(both(), {
      before: (verb, { kind, name }) => {
        if (verb === "get" && kind === "Request" && name.startsWith("reader")) triggersRead += 1;
        return undefined;
      },
    });
    const object = keyOf(CONFIG_MAP, "b");
    const readers = Array.from({ length: 100 }, (_, at) => keyOf(REQUEST, `reader${at}`));
    await bench.index.add(readers.map((trigger) => ({ object, trigger, fence: 1, readonly: true })));
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
    expect(triggersRead).toBe(0);
  });
});

describe("a rename", () => {
  it("of a step keeps the object", async () => {
    await start(both());
    await bench.apply(workflow(step("a"), step("renamed", "", "b")));
    expect(await bench.writesOf("one")).not.toContain("delete ConfigMap/b");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
  });

  it("of an object deletes the one of the old name", async () => {
    await start(both());
    await bench.apply(keeper("b", { object: "c" }));
    await bench.run("one");
    expect(await names(bench, ["a", "b", "c"])).toEqual(["a", "c"]);
  });
});

describe("a skip never prunes", () => {
  const each = "forEach: { itemIn: =parent.spec.items, inputKey: item }";
  const items = (list: string) => request("one", `{ items: ${list}, idle: false }`);
  const itemKeeper = keeper("b", {
    object: "=inputs.item.name",
    spec: 'preconditions: [ { assert: "=!inputs.item.idle", skip: { message: idle } } ]',
  });

  it("by skipIf, of a step or of one around it", async () => {
    await start(both());
    await bench.apply(workflow(step("a"), step("b", "skipIf: =true")));
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual(["a", "b"]);
  });

  it("of a function under another label", async () => {
    await start(both());
    await bench.apply(workflow(step("a"), step("renamed", "skipIf: =true", "b")));
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
  });

  it("of one item keeps its siblings; without a skip the item that is gone goes", async () => {
    bench = await WorkerBench.start(
      workflow(step("b", each)) + itemKeeper + items("[{ name: x, idle: false }, { name: y, idle: false }]"),
    );
    await bench.run("one");
    expect(await names(bench, ["x", "y"])).toEqual(["x", "y"]);
    await bench.apply(items("[{ name: z, idle: true }, { name: x, idle: false }]"));
    await bench.run("one");
    expect(await names(bench, ["x", "y"])).toEqual(["x", "y"]);
    await bench.apply(items("[{ name: x, idle: false }]"));
    await bench.run("one");
    expect(await names(bench, ["x", "y"])).toEqual(["x"]);
  });

  it.each([
    { whose: "owned", api: "" },
    { whose: "not owned", api: "owned: false" },
  ])("of what no record was written for: $whose, found by its mark alone", async ({ api }) => {
    let requests = 0;
    let isLost = true;
    bench = await WorkerBench.start(
      workflow(step("b", "skipIf: =parent.spec.idle")) +
        keeper("b", { api, spec: "delete: { destroy: {} }" }) +
        request("one", "{ idle: false }"),
      {
        before: (verb, { kind }) => {
          const isRecord = verb === "patch" && kind === "Request" && ++requests > 1; // the first one sets the finalizer
          return isLost && isRecord ? { kind: "unavailable", detail: "the run died here" } : undefined;
        },
      },
    );
    await bench.run("one");
    isLost = false;
    expect(await names(bench, ["b"])).toEqual(["b"]);
    expect(inventoryOf(await bench.get(REQUEST, "one"))).toEqual([]);

    await bench.apply(request("one", "{ idle: true }"));
    await bench.run("one");
    expect(await names(bench, ["b"]), "its author turned it off, and asked for no deletion").toEqual(["b"]);
    expect(await finalizers(bench, "one")).toEqual(OURS);
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await names(bench, ["b"])).toEqual([]);
  });

  it("of a dependency: what awaits it is kept, the rest is pruned", async () => {
    const inputs = "inputs: { name: =steps.a.metadata.name }";
    const dependent = `
    - label: b
      ref: { kind: ResourceFunction, name: b }
      ${inputs}`;
    await start(
      workflow(step("a"), dependent, step("c")) +
        keeper("a", { spec: "return: =resource" }) +
        keeper("b") +
        keeper("c"),
    );
    await bench.run("one");
    expect(await names(bench, ["a", "b", "c"])).toEqual(["a", "b", "c"]);
    await bench.apply(workflow(step("a", "skipIf: =true"), dependent));
    await bench.run("one");
    expect(await names(bench, ["a", "b", "c"])).toEqual(["a", "b"]);
  });
});

describe("what is known of objects", () => {
  it("by the index alone is pruned by its mark: a run died after the create", async () => {
    await start(both());
    await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.inventory]: null } } });
    await bench.apply(withoutB);
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
  });

  it("since the run has read the index stays in it, for the run that was woken for it", async () => {
    const late = keyOf(CONFIG_MAP, "late");
    let isPruning = false;
    await start(both(), {
      before: async (verb) => {
        if (isPruning && verb === "delete") await bench.index.add([{ object: late, trigger: keyOf(REQUEST, "one") }]);
        return undefined;
      },
    });
    await bench.apply(withoutB);
    isPruning = true;
    await bench.run("one");
    expect(await names(bench, ["a", "b"])).toEqual(["a"]);
    expect(await bench.index.objectsOf(keyOf(REQUEST, "one"))).toContain(late);
  });

  it("by the index alone is left when its mark names another", async () => {
    await start(both());
    const [one, other] = [keyOf(REQUEST, "one"), keyOf(CONFIG_MAP, "theirs")];
    await bench.apply("---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: theirs }");
    await bench.index.add([{ object: other, trigger: one }]);
    await bench.run("one");
    expect(await names(bench, ["theirs"])).toEqual(["theirs"]);
  });
});

it("a worker that has not heard of an edit deletes nothing that the edit asks for", async () => {
  let isEdited = false;
  // While the run asks whether its definitions are still so, they are not.
  await start(both(), {
    before: async (verb, { kind }) => {
      if (verb !== "get" || kind !== "Workflow" || isEdited) return undefined;
      isEdited = true;
      await bench.apply(workflow(step("a"), step("b")));
      return undefined;
    },
  });
  await bench.apply(withoutB);
  expect(await bench.writesOf("one")).not.toContain("delete ConfigMap/b");
  expect(isEdited).toBe(true);
  await bench.run("one");
  expect(await names(bench, ["a", "b"])).toEqual(["a", "b"]);
  expect((await bench.condition("one", "Pruned")).reason).toBe("");
});
