/** Writes that are not sent: in vain, refused before, or reverted again and again. */
import { afterEach, describe, expect, it } from "vitest";
import type { ClusterFault } from "../../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, flow, keeps, request, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const PATCH = "patch ConfigMap/shared";
const vandalise = (text: string) => bench.patch(CONFIG_MAP, "shared", { data: { text } });

describe("an object that somebody else wants otherwise (M5)", () => {
  const start = async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    await bench.run("one");
  };

  it("is repaired at once, and at once again", async () => {
    await start();
    for (const text of ["a", "b"]) {
      await vandalise(text);
      expect(await bench.writesOf("one")).toEqual([PATCH]);
    }
  });

  it("is then repaired more rarely, and the condition says why, with both field managers", async () => {
    await start();
    // A memory cluster keeps no record of field managers.
    const managedFields = [{ manager: "rival", operation: "Update", time: "2026-01-02T00:00:00Z" }];
    await bench.patch(CONFIG_MAP, "shared", { metadata: { managedFields } });
    let patches = 0;
    for (let tenth = 0; tenth < 100; tenth += 1) {
      await vandalise(`other-${tenth}`);
      patches += (await bench.writesOf("one")).filter((write) => write === PATCH).length;
      await bench.clock.advance(100);
    }
    expect(patches).toBeGreaterThan(3);
    expect(patches).toBeLessThan(10);
    for (const text of ["again", "and again"]) {
      await vandalise(text);
      await bench.run("one");
    }
    const { reason, message } = await bench.condition("one");
    expect(reason).toBe("Wait");
    expect(message).toContain("ConfigMap:apps:shared differs again after");
    expect(message).toContain("'data' -> 'text'");
    expect(message).toContain("rival wants it otherwise than koreo-cluster");
  });

  it("has what is wanted within 2 s after the fight ends, and is seen within five rounds", async () => {
    await start();
    for (let round = 0; round < 5; round += 1) {
      await vandalise(`other-${round}`);
      await bench.run("one");
    }
    expect((await bench.condition("one")).message).toContain("differs again after");
    await vandalise("last");
    const report = await bench.run("one");
    const nextLookMs = report.kind === "done" ? (report.nextLookMs ?? Infinity) : Infinity;
    expect(nextLookMs).toBeLessThanOrEqual(1700);
    await bench.clock.advance(nextLookMs);
    expect(await bench.writesOf("one")).toContain(PATCH);
  });

  it("slows nobody else: the steps beside it are repaired at once", async () => {
    const others = Array.from({ length: 20 }, (_, index) => `o${index}`);
    bench = await WorkerBench.start(
      flow("keep", ...others) +
        keeps("keep") +
        others.map((object) => keeps(object, { object })).join("") +
        request("one"),
    );
    await bench.run("one");
    for (let round = 0; round < 6; round += 1) {
      await vandalise(`other-${round}`);
      await bench.run("one");
    }
    for (const object of others) await bench.patch(CONFIG_MAP, object, { data: { text: "vandalised" } });
    expect(await bench.writesOf("one")).toEqual(
      expect.arrayContaining(others.map((name) => `patch ConfigMap/${name}`)),
    );
  });

  it("is looked at again when the wait is over", async () => {
    await start();
    for (const text of ["a", "b", "c"]) {
      await vandalise(text);
      expect(await bench.run("one")).toMatchObject({ kind: "done" });
    }
    const report = await bench.run("one");
    expect(report).toMatchObject({ kind: "done", workClass: 2 });
    await bench.clock.advance(2000);
    expect(await bench.writesOf("one")).toContain(PATCH);
  });

  it("names the other manager, or the other trigger", async () => {
    await start();
    await bench.apply(request("two", "{ text: two }"));
    // Unmarked: both may write it.
    await bench.patch(CONFIG_MAP, "shared", { metadata: { annotations: { "koreo.dev/mark": null } } });
    for (let round = 0; round < 4; round += 1) for (const name of ["two", "one"]) await bench.run(name);
    expect((await bench.condition("one")).message).toContain(
      "the trigger local/t.koreo.test/Request/apps/two wants it otherwise",
    );
  });

  it.each([
    { everyS: 90, lookAfterS: 0 },
    { everyS: 30, lookAfterS: 15 },
    { everyS: 600, lookAfterS: 60 },
  ])("is told of though it is slow: every $everyS s", async ({ everyS, lookAfterS }) => {
    await start();
    for (let round = 0; round < 6; round += 1) {
      const told = () => bench.events.filter(({ reason }) => reason === "Contested");
      expect(told().length > 0, `round ${round}`).toBe(round >= 5);
      await vandalise(`other-${round}`);
      expect(await bench.writesOf("one")).toEqual([PATCH]);
      await bench.clock.advance(lookAfterS * 1000);
      if (lookAfterS > 0) await bench.run("one");
      await bench.clock.advance((everyS - lookAfterS) * 1000);
    }
    const message = bench.events.find(({ reason }) => reason === "Contested")?.message ?? "";
    expect(message).toContain("ConfigMap:apps:shared differs again and again");
    expect(message).toContain("'data' -> 'text'");
    expect(message).toContain("wants it otherwise than koreo-cluster");
  });

  it("is in peace once a later look finds it as it should be", async () => {
    await start();
    for (const text of ["a", "b"]) {
      await vandalise(text);
      await bench.run("one");
    }
    await bench.clock.advance(15_000);
    await bench.run("one");
    await vandalise("c");
    expect(await bench.writesOf("one")).toEqual([PATCH]);
  });

  it("follows its trigger however often that changes", async () => {
    await start();
    for (let edit = 0; edit < 10; edit += 1) {
      await bench.apply(request("one", `{ text: edit-${edit} }`));
      expect(await bench.writesOf("one")).toContain(PATCH);
    }
  });

  it("follows its trigger when it is made anew for every change, too", async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep", { update: "recreate" }) + request("one"));
    await bench.run("one");
    for (let edit = 0; edit < 5; edit += 1) {
      await bench.apply(request("one", `{ text: edit-${edit} }`));
      expect(await bench.writesOf("one")).toContain("delete ConfigMap/shared");
      expect(await bench.writesOf("one")).toContain("create ConfigMap/shared");
    }
  });

  it("that is deleted again and again is made more rarely", async () => {
    await start();
    let creates = 0;
    for (let tenth = 0; tenth < 100; tenth += 1) {
      await bench.delete(CONFIG_MAP, "shared");
      creates += (await bench.writesOf("one")).filter((write) => write.startsWith("create")).length;
      await bench.clock.advance(100);
    }
    expect(creates).toBeLessThan(10);
    await bench.run("one");
    await bench.delete(CONFIG_MAP, "shared");
    await bench.run("one");
    expect((await bench.condition("one")).message).toContain("is gone again after");
  });
});

describe("a patch that changes nothing", () => {
  // A field that the server drops, as it does with what a schema does not know.
  const DROPPED = keeps("keep", { data: "{ text: =inputs.spec.text, dropped: x }" });

  it("is not sent again, in this run or the next, while neither target nor object changes", async () => {
    bench = await WorkerBench.start(flow("keep") + DROPPED + request("one"));
    const { cluster } = bench;
    const [create, patch] = [cluster.create.bind(cluster), cluster.patch.bind(cluster)];
    const without = (body: Parameters<typeof patch>[1]) =>
      body["data"] === undefined ? body : { ...body, data: { ...(body["data"] as object), dropped: null } };
    cluster.create = (ref, body, signal) =>
      create(ref, ref.type === CONFIG_MAP ? { ...body, data: { text: "hello" } } : body, signal);
    cluster.patch = (ref, body, signal, subresource) =>
      patch(ref, ref.type === CONFIG_MAP ? without(body) : body, signal, subresource);

    expect(await bench.writesOf("one")).toContain("create ConfigMap/shared");
    expect(await bench.writesOf("one")).toContain(PATCH);
    for (let run = 0; run < 3; run += 1) expect(await bench.writesOf("one")).toEqual([]);
    const { reason, message } = await bench.condition("one");
    expect(reason).toBe("Wait");
    expect(message).toContain("<missing 'dropped' in resource>");

    // The object changes, or the target does: tried again, once.
    await bench.patch(CONFIG_MAP, "shared", { metadata: { labels: { theirs: "x" } } });
    expect(await bench.writesOf("one")).toContain(PATCH);
    expect(await bench.writesOf("one")).toEqual([]);
    await bench.apply(request("one", "{ text: edited }"));
    expect(await bench.writesOf("one")).toContain(PATCH);
  });
});

describe("a write that the API server refused (parking)", () => {
  let answer: ClusterFault | undefined;
  const REFUSED: ClusterFault = { kind: "invalid", detail: "data: not like this", status: 422 };
  const CREATE = "create ConfigMap/shared";
  const start = async () => {
    answer = REFUSED;
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), {
      before: (verb, { kind }) => (verb === "create" && kind === "ConfigMap" ? answer : undefined),
    });
    expect(await bench.writesOf("one")).toContain(CREATE);
  };

  it("is not sent again on every wake, and its outcome stays", async () => {
    await start();
    for (let wake = 0; wake < 3; wake += 1) expect(await bench.writesOf("one")).toEqual([]);
    const { reason, message } = await bench.condition("one");
    expect({ reason, isTold: message.includes("not like this") }).toEqual({ reason: "Failure", isTold: true });
  });

  it.each([
    { name: "the trigger changes", change: () => bench.apply(request("one", "{ text: other }")) },
    { name: "its definition changes", change: () => bench.apply(keeps("keep", { data: "{ text: fixed }" })) },
    {
      name: "the object appears",
      change: () => bench.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shared }"),
    },
    { name: "a resync is due", change: () => bench.clock.advance(1_200_000 * 0.9) },
  ])("is sent again when $name", async ({ change }) => {
    await start();
    answer = undefined;
    await change();
    const writes = await bench.writesOf("one");
    expect(writes.some((write) => write.endsWith("ConfigMap/shared"))).toBe(true);
    expect((await bench.condition("one")).reason).toBe("Ready");
  });

  it("does not keep the steps beside it from being maintained", async () => {
    answer = REFUSED;
    bench = await WorkerBench.start(
      flow("keep", "other") + keeps("keep") + keeps("other", { object: "other" }) + request("one"),
      { before: (verb, { name }) => (verb === "create" && name === "shared" ? answer : undefined) },
    );
    await bench.run("one");
    await bench.patch(CONFIG_MAP, "other", { data: { text: "vandalised" } });
    expect(await bench.writesOf("one")).toEqual(["patch ConfigMap/other"]);
  });
});
