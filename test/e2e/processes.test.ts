/** Watchers and workers that die, come and go: nothing is lost, and nothing runs for longer than promised without an owner. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import { CHAIN, SLOW, widget } from "../support/widget-manifests.ts";

const TAKEN_OVER_WITHIN_MS = 15_000;
const PAUSED_MS = 60_000;

describe("workers", () => {
  let cluster: E2eCluster;
  let webhook: RefusingWebhook;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 1, workers: 1 });
    webhook = await RefusingWebhook.startOn(cluster);
    await cluster.apply(SLOW);
  });
  afterAll(async () => {
    await cluster.stop();
    await webhook.stop();
  });

  it("one that is killed in mid-run: its key is reconciled elsewhere within 15 s", async () => {
    const [doomed] = cluster.stack.processes.filter(({ role }) => role === "worker");
    await cluster.apply(widget("orphaned", `{ text: hello, delay: "25" }`));
    await waitFor("the run being in the middle of a write", 20_000, () =>
      Promise.resolve(webhook.held.has("orphaned-slow")),
    );
    const next = await cluster.stack.add("worker");
    await doomed?.kill();
    webhook.lift();
    expect(await cluster.untilReady("orphaned", { withinMs: TAKEN_OVER_WITHIN_MS })).toBeLessThan(TAKEN_OVER_WITHIN_MS);
    expect(next.pid).toBeGreaterThan(0);
  });

  it("one that is asked to stop finishes its run, takes no more, and exits with 0 within 25 s", async () => {
    webhook.hold();
    await cluster.apply(widget("finished", `{ text: hello, delay: "4" }`));
    await waitFor("the run being in the middle of a write", 20_000, () =>
      Promise.resolve(webhook.held.has("finished-slow")),
    );
    const [stopping] = cluster.stack.processes.filter(({ role, pid }) => role === "worker" && pid > 0);
    const since = performance.now();
    const exitCode = await stopping?.stop();
    expect(performance.now() - since).toBeLessThan(25_000);
    expect(exitCode).toBe(0);
    // It finished: the object is there although no worker runs any more.
    expect(at(await cluster.get("ConfigMap", "finished-slow"), "data", "text")).toBe("hello");
    expect(at(await cluster.get("Widget", "finished"), "status", "conditions", "0", "status")).not.toBe("False");
    await cluster.stack.add("worker");
    await cluster.untilReady("finished");
  });

  it("one that is paused for a minute, its lease being 10 s, writes nothing when it wakes (invariant 2)", async () => {
    const [paused] = cluster.stack.processes.filter(({ role, pid }) => role === "worker" && pid > 0);
    await cluster.apply(widget("contested", `{ text: hello, delay: "3" }`));
    await waitFor("the run being in the middle of a write", 20_000, () =>
      Promise.resolve(webhook.held.has("contested-slow")),
    );
    paused?.pause();
    const since = performance.now();
    await cluster.stack.add("worker");
    await cluster.untilReady("contested", { withinMs: 30_000 });
    // What the paused run was about to write is out of date when it wakes.
    await cluster.patch("Widget", "contested", { spec: { text: "newer", delay: "0" } });
    const isNewer = (object: JsonObject | undefined) => at(object, "data", "text") === "newer";
    await cluster.until("ConfigMap", "contested-slow", "being as wanted now", isNewer);
    await cluster.untilReady("contested", { withinMs: 30_000 });
    const both = () => Promise.all([cluster.get("Widget", "contested"), cluster.get("ConfigMap", "contested-slow")]);
    const before = await both();
    await sleep(PAUSED_MS - (performance.now() - since));
    paused?.resume();
    await sleep(3000);
    expect(await both()).toEqual(before);
  });
});

describe("watchers", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 2, workers: 1 });
    await cluster.apply(CHAIN);
    for (let index = 0; index < 20; index += 1) await cluster.apply(widget(`w-${index}`));
    for (let index = 0; index < 20; index += 1) await cluster.untilReady(`w-${index}`);
  });
  afterAll(() => cluster.stop());

  /** All but those of looks that come by themselves. */
  const reasons = ["added", "modified", "deleted", "managed-modified", "managed-deleted", "definition"];
  /** How often keys were woken, and why, once nothing has been woken for two seconds: the echoes of former runs are over. */
  const quietWakeUps = async () => {
    let counted = await cluster.wakeUps();
    await waitFor("silence", 20_000, async () => {
      await sleep(2000);
      const [former, now] = [counted, await cluster.wakeUps()];
      counted = now;
      return reasons.every((reason) => now[reason] === former[reason]);
    });
    return counted;
  };

  it("one that is killed: its slots are served again within 15 s, no event is lost, and only what changed is woken", async () => {
    const before = await quietWakeUps();
    const [doomed] = cluster.stack.processes.filter(({ role }) => role === "watcher");
    await doomed?.kill();
    // While nobody watches: an edit, a deletion and damage, on all slots.
    const since = performance.now();
    await cluster.patch("Widget", "w-0", { spec: { text: "edited" } });
    await cluster.delete("ConfigMap", "w-1-first");
    await cluster.patch("ConfigMap", "w-2-second", { data: { text: "vandalised" } });
    const left = () => ({ withinMs: Math.max(1, TAKEN_OVER_WITHIN_MS - (performance.now() - since)) });
    const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;
    await cluster.until("ConfigMap", "w-0-second", "carrying the edit", text("edited"), left());
    await cluster.until("ConfigMap", "w-1-first", "coming back", text("hello"), left());
    await cluster.until("ConfigMap", "w-2-second", "being repaired", text("hello"), left());
    const after = await cluster.wakeUps();
    const woken = (reason: string) => (after[reason] ?? 0) - (before[reason] ?? 0);
    // 20 triggers: the take-over woke those that something happened to, the others wait for their resync.
    expect(woken("added")).toBe(0);
    expect(woken("modified")).toBeLessThanOrEqual(1);
    expect(woken("managed-modified") + woken("managed-deleted")).toBeLessThanOrEqual(10);
    expect(woken("resync")).toBeLessThanOrEqual(20);
  });

  it("one that is added takes its share, and nothing is woken for it", async () => {
    const before = await quietWakeUps();
    await cluster.stack.add("watcher");
    await cluster.stack.add("watcher");
    await sleep(5000);
    const after = await cluster.wakeUps();
    for (const reason of reasons) expect(after[reason] ?? 0, reason).toBe(before[reason] ?? 0);
    await cluster.patch("Widget", "w-3", { spec: { text: "after the move" } });
    const isThere = (object: JsonObject | undefined) => at(object, "data", "text") === "after the move";
    await cluster.until("ConfigMap", "w-3-second", "carrying the edit", isThere, { withinMs: 5000 });
  });
});
