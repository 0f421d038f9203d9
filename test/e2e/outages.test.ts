/** Redis and the API server going away, coming back, and coming back empty: invariant 3, no intent is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { isReady, type StackProcess } from "../support/stack.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

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

  it("missing at the start: a process waits, says so, and begins once Redis is there", async () => {
    await cluster.stack.redis.kill();
    const starting = cluster.stack.add("worker");
    await waitFor("a waiting process being alive, and not ready", 10_000, async () => {
      const { healthUrl = "" } = cluster.stack.processes.at(-1) ?? {};
      const [live, ready] = await Promise.all(["livez", "readyz"].map((path) => answerOf(`${healthUrl}/${path}`)));
      return live === "200 ok" && ready === "503 [-] start: waiting for Redis";
    });
    await cluster.stack.redis.start();
    const late = await starting;
    expect(late.pid).toBeGreaterThan(0);
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
    for (const name of names) await cluster.untilReady(name, { withinMs: 60_000 });
    await cluster.patch("Widget", "one", { spec: { text: "after the outage" } });
    await cluster.until("ConfigMap", "one-second", "carrying the edit", text("after the outage"), { withinMs: 40_000 });
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
