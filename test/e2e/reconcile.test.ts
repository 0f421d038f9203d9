/** One trigger on a real cluster of processes: what is written, when it is repaired, and when nothing happens. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { CLI } from "../support/stack.ts";
import { CHAIN, configMap, widget } from "../support/widget-manifests.ts";

describe("a trigger", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 2, workers: 2 });
    await cluster.apply(CHAIN);
    await cluster.apply(widget("one"));
    await cluster.untilReady("one");
  });
  afterAll(() => cluster.stop());

  it("gets its chain of objects, marked, owned and recorded", async () => {
    const trigger = await cluster.get("Widget", "one");
    const second = await cluster.get("ConfigMap", "one-second");
    expect(second).toMatchObject({
      data: { text: "hello" },
      metadata: {
        ownerReferences: [{ kind: "Widget", name: "one", uid: at(trigger, "metadata", "uid") }],
        labels: { "koreo.dev/trigger-uid": at(trigger, "metadata", "uid") },
      },
    });
    const mark = JSON.parse(String(at(second, "metadata", "annotations", "koreo.dev/mark"))) as object;
    expect(mark).toMatchObject({ trigger: "local/e2e.koreo.test/Widget/apps/one" });
    const inventory = String(at(trigger, "metadata", "annotations", "koreo.dev/inventory"));
    expect(inventory).toContain("one-first");
    expect(inventory).toContain("one-second");
    expect(String(at(trigger, "metadata", "annotations", "koreo.dev/managed-resources"))).toContain("one-second");
    const generation = at(trigger, "metadata", "generation");
    expect(at(trigger, "status")).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: "Ready", status: "True", observedGeneration: generation }),
        expect.objectContaining({ type: "FirstReady", status: "True" }),
        expect.objectContaining({ type: "SecondReady", status: "True" }),
      ]) as unknown,
    });
  });

  it("carries an edit through the chain", async () => {
    await cluster.patch("Widget", "one", { spec: { text: "edited" } });
    const isEdited = (object: JsonObject | undefined) => at(object, "data", "text") === "edited";
    await cluster.until("ConfigMap", "one-second", "carrying the edit", isEdited);
    await cluster.untilReady("one");
  });

  it("has a deleted and an edited object repaired in seconds", async () => {
    const before = at(await cluster.get("ConfigMap", "one-first"), "metadata", "uid");
    await cluster.delete("ConfigMap", "one-first");
    const isAnother = (object: JsonObject | undefined) => ![undefined, before].includes(at(object, "metadata", "uid"));
    await cluster.until("ConfigMap", "one-first", "coming back", isAnother, { withinMs: 5000 });
    await cluster.patch("ConfigMap", "one-second", { data: { text: "vandalised" } });
    await cluster.until(
      "ConfigMap",
      "one-second",
      "being repaired",
      (object) => at(object, "data", "text") !== "vandalised",
      { withinMs: 5000 },
    );
  });

  it("keeps what others put on an object", async () => {
    await cluster.patch("ConfigMap", "one-first", {
      metadata: { labels: { theirs: "kept" } },
      data: { other: "kept" },
    });
    await cluster.patch("Widget", "one", { spec: { text: "again" } });
    await cluster.until("ConfigMap", "one-first", "changing", (object) => at(object, "data", "text") === "again");
    expect(await cluster.get("ConfigMap", "one-first")).toMatchObject({
      metadata: { labels: { theirs: "kept" } },
      data: { other: "kept" },
    });
  });

  it("causes no request and no write while nothing changes (invariant 4: a settled key stays silent)", async () => {
    await cluster.untilReady("one");
    await sleep(1500); // the watch events of our own last writes
    const since = Date.now();
    await sleep(5000);
    const asked = (await cluster.requestsSince(since)).filter(({ objectRef }) => objectRef?.name?.startsWith("one"));
    expect(asked.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
  });

  it("has a changed function applied, and a removed key taken off the object", async () => {
    await cluster.apply(configMap("first", "{ text: =inputs.spec.text }", "  return: { text: =resource.data.text }"));
    const isApplied = (object: JsonObject | undefined) => at(object, "data", "version") === undefined;
    await cluster.until("ConfigMap", "one-first", "losing the removed key", isApplied);
    expect(at(await cluster.get("ConfigMap", "one-first"), "data", "other")).toBe("kept");
  });

  it("is told of at /metrics of every process", async () => {
    const texts = await Promise.all(
      cluster.stack.processes.map(async ({ role, healthUrl }) => ({
        role,
        text: await (await fetch(`${healthUrl}/metrics`)).text(),
      })),
    );
    const sum = (pattern: RegExp) =>
      texts.flatMap(({ text }) => [...text.matchAll(pattern)]).reduce((total, [, value]) => total + Number(value), 0);
    expect(
      sum(/^controller_runtime_reconcile_total\{controller="widget\.e2e\.koreo\.test",result="success"\} (\d+)$/gm),
    ).toBeGreaterThan(2);
    expect(sum(/^koreo_change_to_ready_seconds_count\{workflow="defs\/chain"\} (\d+)$/gm)).toBeGreaterThan(0);
    expect(
      sum(/^koreo_step_outcomes_total\{workflow="defs\/chain",step="second",outcome="ok"\} (\d+)$/gm),
    ).toBeGreaterThan(0);
    expect(sum(/^koreo_watch_slots\{kind="Widget\.e2e\.koreo\.test",state="live"\} (\d+)$/gm)).toBe(1);
    expect(sum(/^workqueue_adds_total\{name="[^"]+",class="1"\} (\d+)$/gm)).toBeGreaterThan(0);
    expect(sum(/^rest_client_requests_total\{code="201",method="POST",host="[^"]+"\} (\d+)$/gm)).toBeGreaterThan(1);
    for (const { role, text } of texts) {
      expect(text, role).toContain('\nkoreo_ready{name="koreo"} 1\n');
      expect(text, role).toMatch(/^koreo_queue_keys\{name="[^"]+",state="delayed"\} \d+$/m);
      expect(text, role).toMatch(/^koreo_definitions\{kind="Workflow",health="ready"\} 1$/m);
      expect(text.trimEnd().endsWith("# EOF"), role).toBe(true);
    }
  });

  it("stands in the queue until its resync, as `koreo queue` says", async () => {
    const { redis } = cluster.stack;
    const run = (...args: readonly string[]) =>
      new Promise<string>((resolve, reject) => {
        execFile(process.execPath, [CLI, "queue", "--redis", redis.url, ...args], (error, stdout) =>
          error === null ? resolve(stdout) : reject(new Error("koreo queue failed", { cause: error })),
        );
      });
    expect(await run("--kind", "widget")).toMatch(/^delayed +3 +Widget +apps +one +in \d+s +0 +resync$/m);
    const { keys } = JSON.parse(await run("--state", "delayed", "-o", "json")) as { keys: JsonObject[] };
    expect(keys).toContainEqual(expect.objectContaining({ kind: "Widget", name: "one", failures: 0, worker: "" }));
    expect(await run("-n", "nowhere")).toMatch(/^In all: \d+ running, \d+ waiting, \d+ delayed;/m);
  });

  it("goes with everything it owns when it is deleted", async () => {
    await cluster.apply(widget("short-lived"));
    await cluster.untilReady("short-lived");
    await cluster.delete("Widget", "short-lived");
    await cluster.until("ConfigMap", "short-lived-second", "being collected", (object) => object === undefined);
  });
});
