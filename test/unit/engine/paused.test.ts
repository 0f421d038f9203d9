/** A paused trigger, a manual request, and what is told as Events. */
import { afterEach, describe, expect, it } from "vitest";
import { memberAt } from "../../../src/core/json.ts";
import { CONFIG_MAP, flow, keeps, request, REQUEST, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const start = async () => {
  bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
  await bench.run("one");
};
const annotate = (annotations: Record<string, string | null>) =>
  bench.patch(REQUEST, "one", { metadata: { annotations } });
const annotation = async (name: string) =>
  memberAt(await bench.get(REQUEST, "one"), ["metadata", "annotations", `koreo.dev/${name}`]);

describe("a paused trigger", () => {
  it("writes nothing but its own status, which says what differs", async () => {
    await start();
    await annotate({ "koreo.dev/paused": "true" });
    await bench.patch(CONFIG_MAP, "shared", { data: { text: "edited" } });
    expect(await bench.writesOf("one")).toEqual(["patchStatus Request/one"]);
    const paused = await bench.condition("one", "Paused");
    expect(paused.reason).toBe("Annotation");
    expect(paused.message).toMatch(/^Paused by the annotation koreo.dev\/paused: nothing is written. Left as it is: /);
    expect(paused.message).toContain("ConfigMap:apps:shared differs ('data' -> 'text'");
    expect(await bench.condition("one")).toMatchObject({ reason: "Wait" });
    expect((await bench.condition("one")).message).toContain("by ConfigMap apps/shared (step keep):");
    expect(await bench.writesOf("one"), "says it once").toEqual([]);
  });

  it("says that nothing differs, or that an object is missing", async () => {
    await start();
    await annotate({ "koreo.dev/paused": "true" });
    await bench.run("one");
    expect((await bench.condition("one", "Paused")).message).toContain("Nothing differs");
    expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
    await bench.delete(CONFIG_MAP, "shared");
    await bench.run("one");
    expect((await bench.condition("one", "Paused")).message).toContain("ConfigMap:apps:shared is missing");
    expect(await bench.get(CONFIG_MAP, "shared")).toBeUndefined();
  });

  it("goes on when it is resumed, and the condition is gone", async () => {
    await start();
    await annotate({ "koreo.dev/paused": "true" });
    await bench.patch(CONFIG_MAP, "shared", { data: { text: "edited" } });
    await bench.run("one");
    await annotate({ "koreo.dev/paused": null });
    expect(await bench.writesOf("one")).toContain("patch ConfigMap/shared");
    expect((await bench.condition("one", "Paused")).reason).toBe("");
    expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
  });
});

describe("a manual request", () => {
  it("is acknowledged once a run has seen it", async () => {
    await start();
    expect(await annotation("last-handled-reconcile")).toBeUndefined();
    await annotate({ "koreo.dev/last-manual-reconcile": "2026-11-26T03:00:00Z" });
    await bench.run("one");
    expect(await annotation("last-handled-reconcile")).toBe("2026-11-26T03:00:00Z");
    expect(await bench.writesOf("one")).toEqual([]);
  });
});

describe("Events", () => {
  it("tell what Ready says when it says something else, and nothing on a run without news", async () => {
    await start();
    const told = () => bench.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
    expect(told()).toEqual(["Normal Ready: Workflow flow ready."]);
    expect(bench.events[0]?.regarding).toMatchObject({ kind: "Request", namespace: "apps", name: "one" });
    await bench.run("one");
    expect(told()).toHaveLength(1);
    await annotate({ "koreo.dev/paused": "true" });
    await bench.patch(CONFIG_MAP, "shared", { data: { text: "edited" } });
    for (let run = 0; run < 3; run += 1) await bench.run("one");
    const { message } = await bench.condition("one");
    expect(told().slice(1)).toEqual([`Normal Wait: ${message}`]);
  });

  it("warn of what needs a hand", async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep", { object: "'=inputs.nowhere'" }) + request("one"));
    await bench.run("one");
    expect(bench.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual(["Warning Failure"]);
  });
});
