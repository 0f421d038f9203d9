/** An object that another living trigger keeps too does not go with the trigger that created it. */
import { afterEach, describe, expect, it } from "vitest";
import { settled } from "../../../src/adapters/memory/manual-clock.ts";
import { ANNOTATION } from "../../../src/core/names.ts";
import { KEPT } from "../../../src/engine/ports/object-index.ts";
import type { RunReport } from "../../../src/engine/ports/reconcile-queue.ts";
import { inventoryOf, keeper, loseRedis, names } from "./lifecycle-bench.ts";
import { CONFIG_MAP, keyOf, request, REQUEST, step, WorkerBench, workflow, type BenchOptions } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const destroyed = (name: string, more: Parameters<typeof keeper>[1] = {}) =>
  keeper(name, { api: "owned: false", spec: "delete: { destroy: {} }", ...more });

const start = async (yaml: string, options: BenchOptions = {}) => {
  bench = await WorkerBench.start(yaml, options);
  await bench.run("one");
  await bench.run("one");
};

/** Both keep `shared`, and each an object of its own. */
const both =
  workflow(step("common"), step("own")) +
  destroyed("common", { object: "shared" }) +
  keeper("own", { object: '="own-" + inputs.name' }) +
  request("one") +
  request("two");

describe("an object that another trigger has just begun to keep", () => {
  /** @returns ends the run of `two`, which has looked at the shared object and is in the middle of its other step */
  async function whileTwoRuns(): Promise<() => Promise<RunReport>> {
    const [reached, gate] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    await start(both, {
      before: (verb, { name }) => {
        if (verb !== "create" || name !== "own-two") return undefined;
        reached.resolve(undefined);
        return gate.promise;
      },
    });
    const running = bench.run("two");
    await reached.promise;
    await settled();
    return () => {
      gate.resolve(undefined);
      return running;
    };
  }

  async function lose(how: "its deletion" | "an edit"): Promise<void> {
    if (how === "its deletion") await bench.delete(REQUEST, "one");
    else {
      await bench.apply(workflow(step("own")).replace("name: flow", "name: lone"));
      await bench.patch(REQUEST, "one", { metadata: { annotations: { [ANNOTATION.workflow]: "lone" } } });
    }
    await bench.run("one");
  }

  it.each(["its deletion", "an edit"] as const)("stays when the first trigger loses it by %s", async (how) => {
    const goOn = await whileTwoRuns();
    await lose(how);
    expect(await names(bench, ["shared"])).toEqual(["shared"]);
    await goOn();
    expect(inventoryOf(await bench.get(REQUEST, "two"))).toEqual(["own-two", "shared"]);
    expect((await bench.condition("two")).reason).toBe("Ready");
    await bench.run("one");
    expect(await names(bench, ["shared"])).toEqual(["shared"]);
  });

  it("stays also where Redis is lost in that moment", async () => {
    const goOn = await whileTwoRuns();
    await loseRedis(bench, ["one", "two"]);
    await lose("its deletion");
    expect(await names(bench, ["shared"])).toEqual(["shared"]);
    await goOn();
    await bench.run("two");
    await bench.run("one");
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await names(bench, ["shared"])).toEqual(["shared"]);
  });

  it("an edit in that moment does not make the run begin anew", async () => {
    const goOn = await whileTwoRuns();
    await bench.apply(request("two", "{ text: edited }"));
    expect(await goOn()).toMatchObject({ kind: "done" });
    expect(inventoryOf(await bench.get(REQUEST, "two"))).toEqual(["own-two", "shared"]);
  });
});

describe("what another trigger has created", () => {
  const PATCH = "patch Request/two";
  const shared = keyOf(CONFIG_MAP, "shared");

  it("is recorded once, before a run goes on with it, with all that come at the same time", async () => {
    const items = Array.from({ length: 60 }, (_, at) => `s${at}`);
    const each = "forEach: { itemIn: =parent.spec.items, inputKey: item }";
    const spec = `{ items: [${items.join(", ")}] }`;
    await start(
      workflow(step("s", each)) +
        destroyed("s", { object: "=inputs.item" }) +
        request("one", spec) +
        request("two", spec),
    );
    const writes = await bench.writesOf("two");
    expect(writes.filter((write) => write === PATCH).length).toBeLessThanOrEqual(4);
    expect(inventoryOf(await bench.get(REQUEST, "two")).length).toBe(items.length);
    expect(await bench.writesOf("two")).toEqual([]);
  });

  it("is not gone on with where it cannot be recorded", async () => {
    const fault = { kind: "throttled", detail: "slow down", afterSeconds: 3 } as const;
    let isRefused = true;
    await start(both, {
      before: (verb, { kind, name }) => {
        const isEarly = isRefused && verb === "patch" && kind === "Request" && name === "two";
        isRefused &&= !isEarly;
        return isEarly ? fault : undefined;
      },
    });
    await bench.run("two");
    const { reason, message } = await bench.condition("two");
    expect(reason).toBe("Wait");
    expect(message).toContain("Error recording an object on Request apps/two: slow down");
    await bench.run("two");
    expect((await bench.condition("two")).reason).toBe("Ready");
  });

  it("stays recorded where the step then takes too long", async () => {
    await start(both);
    const { add } = bench.index;
    // The step never comes to its end: what it has looked at is not taken.
    bench.index.add = (entries) => {
      const isLook = entries.some((entry) => entry.object === shared && entry.resourceVersion !== undefined);
      return isLook ? new Promise(() => undefined) : add.call(bench.index, entries);
    };
    const running = bench.run("two");
    await bench.clock.advance(30_000);
    await running;
    expect((await bench.condition("two")).message).toContain("Timeout");
    expect(inventoryOf(await bench.get(REQUEST, "two"))).toContain("shared");
  });
});

describe("an object that a step of another trigger keeps, which does not run any more", () => {
  const shared = keyOf(CONFIG_MAP, "shared");
  /** The step that keeps it awaits another one. */
  const common = `
    - label: common
      ref: { kind: ResourceFunction, name: common }
      inputs: { after: =steps.first.metadata.name }
      skipIf: =parent.spec.idle`;
  const definitions =
    workflow(step("first"), common) +
    keeper("first", { object: "=inputs.name", data: "{ text: =inputs.spec.text }", spec: "return: =resource" }) +
    destroyed("common", { object: "shared" });
  const busy = "{ idle: false, text: hello }";

  const startBoth = async (options: BenchOptions = {}) => {
    await start(definitions + request("one", busy) + request("two", busy), options);
    await bench.run("two");
    await bench.run("two");
  };

  /** Each asks the other what it keeps, for a while. */
  async function deleteFirst(): Promise<void> {
    await bench.delete(REQUEST, "one");
    for (let round = 0; round < 3; round += 1) {
      await bench.run("one");
      await bench.clock.advance(30_000);
      await bench.run("two");
    }
  }

  it.each([
    { why: "it is skipped", turn: () => bench.apply(request("two", "{ idle: true, text: hello }")) },
    { why: "it waits for one that fails", turn: () => bench.apply(request("two", "{ idle: false, text: null }")) },
    { why: "its Workflow is not ready", turn: () => bench.forget("ResourceFunction") },
    { why: "its Workflow is gone", turn: () => bench.forget("Workflow") },
  ])(
    "stays when the first trigger goes, which does not wait for ever, where Redis was lost and $why",
    async ({ turn }) => {
      await startBoth();
      await turn();
      await bench.run("two");
      await loseRedis(bench, ["one", "two"]);
      await deleteFirst();
      expect(await bench.get(REQUEST, "one")).toBeUndefined();
      expect(await names(bench, ["shared"])).toEqual(["shared"]);
      const left = bench.events.find(({ reason }) => reason === "Left")?.message;
      expect(left).toContain("Request/apps/two keeps it too");
    },
  );

  it("stays also where the other trigger cannot read it", async () => {
    let isRefused = false;
    const fault = { kind: "forbidden", detail: "no rights", status: 403 } as const;
    await startBoth({
      before: (verb, { name }) => (isRefused && verb === "get" && name === "shared" ? fault : undefined),
    });
    isRefused = true;
    await bench.run("two");
    isRefused = false;
    await bench.delete(REQUEST, "one");
    await bench.run("one");
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await names(bench, ["shared"])).toEqual(["shared"]);
  });

  it("is said to be kept by no version, which would keep a change of it from being told; a version that was seen stays", async () => {
    const looked = async () =>
      (await bench.index.triggersOf([shared]))[0]?.find(({ trigger }) => trigger.endsWith("two"));
    await startBoth();
    const seen = (await looked())?.resourceVersion;
    await bench.apply(request("two", "{ idle: true, text: hello }"));
    await bench.run("two");
    expect((await looked())?.resourceVersion).toBe(seen);
    await loseRedis(bench, ["one", "two"]);
    await bench.run("two");
    expect((await looked())?.resourceVersion).toBe(KEPT);
  });
});
