/** Redis and the API server going away, coming back, and coming back empty: invariant 3, no intent is lost. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { isReady, type StackProcess } from "../support/stack.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

/** The bound: whole again so soon after its return. */
const WHOLE_WITHIN_MS = 60_000;

const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;

describe("Redis (invariant 3)", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 1 });
    await cluster.apply(CHAIN);
    await cluster.apply(widget("one") + widget("two") + widget("three"));
    for (const name of ["one", "two", "three"]) await cluster.untilReady(name);
  });
  afterAll(() => cluster.stop());

  it("away: processes say so and stay alive; what happened meanwhile is done once it is back", async () => {
    await cluster.stack.redis.kill();
    const isUnready = async ({ healthUrl }: StackProcess) => !(await isReady(healthUrl));
    for (const each of cluster.stack.processes)
      await waitFor(`${each.name} not being ready`, 30_000, () => isUnready(each));
    await cluster.patch("Widget", "one", { spec: { text: "during the outage" } });
    await cluster.delete("ConfigMap", "two-first");
    await sleep(2000);
    expect(cluster.stack.processes.map(({ pid }) => pid > 0)).toEqual([true, true]);
    await cluster.stack.redis.start();
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("during the outage"), {
      withinMs: 20_000,
    });
    await cluster.until("ConfigMap", "two-first", "coming back", text("hello"), { withinMs: 20_000 });
    for (const { name, healthUrl } of cluster.stack.processes)
      await waitFor(`${name} being ready again`, 20_000, () => isReady(healthUrl));
  });

  it("wiped: noticed, every trigger is looked at again, and drift that nobody saw is repaired", async () => {
    await sleep(1000);
    const watcher = cluster.stack.processes.find(({ role }) => role === "watcher");
    watcher?.pause(); // so that the damage is done while nobody looks
    await cluster.redis.flushall();
    await cluster.patch("ConfigMap", "three-second", { data: { text: "vandalised" } });
    watcher?.resume();
    await cluster.until("ConfigMap", "three-second", "being repaired", text("hello"), { withinMs: 20_000 });
    await waitFor("every trigger being woken", 20_000, async () => ((await cluster.wakeUps())["added"] ?? 0) >= 3);
    // And events go on.
    await cluster.patch("Widget", "one", { spec: { text: "after the wipe" } });
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("after the wipe"), { withinMs: 10_000 });
  });

  it("started anew with nothing: as after a wipe, by another server", async () => {
    await cluster.stack.redis.kill();
    await rm(path.join(cluster.stack.dir, "redis", "appendonlydir"), { recursive: true, force: true });
    await cluster.patch("ConfigMap", "two-second", { data: { text: "vandalised" } });
    await cluster.patch("Widget", "one", { spec: { text: "while it was away" } });
    await cluster.stack.redis.start();
    await cluster.until("ConfigMap", "two-second", "being repaired", text("hello"), { withinMs: WHOLE_WITHIN_MS });
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("while it was away"), {
      withinMs: WHOLE_WITHIN_MS,
    });
  });

  it("out of memory: what happened meanwhile is done once it has some again", async () => {
    await cluster.redis.config("SET", "maxmemory", "1");
    await cluster.patch("Widget", "one", { spec: { text: "without memory" } });
    await cluster.patch("ConfigMap", "two-second", { data: { text: "vandalised" } });
    await cluster.delete("ConfigMap", "three-first");
    await cluster.apply(widget("four"));
    await sleep(10_000);
    await cluster.redis.config("SET", "maxmemory", "0");
    const within = { withinMs: WHOLE_WITHIN_MS };
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("without memory"), within);
    await cluster.until("ConfigMap", "two-second", "being repaired", text("hello"), within);
    await cluster.until("ConfigMap", "three-first", "coming back", text("hello"), within);
    await cluster.untilReady("four", within);
  });

  it("missing at the start: a process waits, says so, and begins once Redis is there", async () => {
    await cluster.stack.redis.kill();
    const starting = cluster.stack.add("worker");
    await waitFor("a waiting process being alive, and not ready", 10_000, async () => {
      const { healthUrl = "" } = cluster.stack.processes.at(-1) ?? {};
      const [live, ready] = await Promise.all(["livez", "readyz"].map((path) => answerOf(`${healthUrl}/${path}`)));
      return live === "200 ok" && ready === "503 [-] start: waiting for Redis";
    });
    const { healthUrl = "" } = cluster.stack.processes.at(-1) ?? {};
    expect(await answerOf(`${healthUrl}/metrics`)).toContain('\nkoreo_ready{name="koreo"} 0\n');
    await cluster.stack.redis.start();
    const late = await starting;
    expect(late.pid).toBeGreaterThan(0);
    expect(await answerOf(`${healthUrl}/metrics`)).toContain('\nkoreo_ready{name="koreo"} 1\n');
  });
});

describe("the API server (invariant 3)", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 1 });
    await cluster.apply(CHAIN);
    await cluster.apply(widget("one"));
    await cluster.untilReady("one");
  });
  afterAll(() => cluster.stop());

  it("away in the middle of the work: taken up where it was", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    const creating = names.map((name) => cluster.apply(widget(name)));
    await Promise.all(creating);
    await cluster.stack.plane?.apiServer.kill();
    await sleep(3000);
    await cluster.stack.plane?.apiServer.start();
    // Before anything watches again.
    await cluster.patch("ConfigMap", "one-first", { data: { text: "vandalised" } });
    await cluster.delete("ConfigMap", "one-second");
    await cluster.until("ConfigMap", "one-first", "being repaired", text("hello"), { withinMs: 40_000 });
    await cluster.until("ConfigMap", "one-second", "coming back", text("hello"), { withinMs: 40_000 });
    for (const name of names) await cluster.untilReady(name, { withinMs: 60_000 });
    await cluster.patch("Widget", "one", { spec: { text: "after the outage" } });
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("after the outage"), { withinMs: 40_000 });
  });

  it("missing at the start: a worker that cannot list definitions reports its concurrency, and that it is not ready", async () => {
    await cluster.stack.plane?.apiServer.kill();
    const starting = cluster.stack.add("worker");
    await waitFor("the worker reporting", 20_000, async () => {
      const { healthUrl = "" } = cluster.stack.processes.at(-1) ?? {};
      const [ready, metrics] = await Promise.all(["readyz", "metrics"].map((path) => answerOf(`${healthUrl}/${path}`)));
      return ready?.includes("definitions: not listed yet") === true && metrics?.includes("concurrency{") === true;
    });
    const { healthUrl = "" } = cluster.stack.processes.at(-1) ?? {};
    expect(await answerOf(`${healthUrl}/metrics`)).toContain('\nkoreo_ready{name="koreo"} 0\n');
    await cluster.stack.plane?.apiServer.start();
    await starting;
    expect(await answerOf(`${healthUrl}/metrics`)).toContain('\nkoreo_ready{name="koreo"} 1\n');
  });
});

/** Status and text of an answer; undefined while nobody listens. */
async function answerOf(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return `${answer.status} ${(await answer.text()).trim()}`;
  } catch {
    return undefined;
  }
}
