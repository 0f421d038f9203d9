/** What a machine does to a process that goes on running: its event loop is held up, its clock jumps. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import type { StackProcess } from "../support/stack.ts";
import { SLOW, widget } from "../support/widget-manifests.ts";

/** Longer than the lease of a key (10 s) and the membership of a watcher (8 s). */
const BLOCKED_MS = 14_000;
const HOUR_MS = 3_600_000;
const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;

describe("a process that is disturbed", () => {
  let dir: string;
  let cluster: E2eCluster;
  let webhook: RefusingWebhook;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "koreo-disturb-"));
    const env = {
      NODE_OPTIONS: `--import=${new URL("../support/disturb.ts", import.meta.url).href}`,
      KOREO_TEST_DISTURB: path.join(dir, "what"),
    };
    cluster = await startE2e({ watchers: 2, workers: 1, env });
    webhook = await RefusingWebhook.startOn(cluster);
    await cluster.apply(SLOW);
  });
  afterAll(async () => {
    await cluster.stop();
    await webhook.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const disturb = async ({ pid }: StackProcess, what: string) => {
    await writeFile(path.join(dir, "what"), what);
    process.kill(pid, "SIGUSR2");
    await sleep(300); // it has read the file by now
  };
  const of = (role: StackProcess["role"]) =>
    cluster.stack.processes.filter((each) => each.role === role && each.pid > 0);
  const logOf = ({ logFile }: StackProcess) => readFile(logFile, "utf8");

  it("a worker whose event loop is held up for longer than its lease: another takes over, and its own writes do not stand", async () => {
    const [held] = of("worker");
    if (held === undefined) throw new Error("no worker");
    await cluster.apply(widget("contested", `{ text: old, delay: "20" }`));
    await waitFor("the run being in the middle of a write", 20_000, async () => webhook.held.has("contested-slow"));
    await cluster.stack.add("worker");
    await disturb(held, `block ${BLOCKED_MS}`);
    const since = performance.now();
    await cluster.patch("Widget", "contested", { spec: { text: "new" } });
    webhook.lift();
    await cluster.until("ConfigMap", "contested-slow", "carrying the edit", text("new"), { withinMs: 15_000 });
    await cluster.untilReady("contested", { withinMs: 15_000 });
    expect(performance.now() - since, "while the other is still held up").toBeLessThan(BLOCKED_MS);
    const before = [await cluster.get("Widget", "contested"), await cluster.get("ConfigMap", "contested-slow")];
    await sleep(BLOCKED_MS + 4000 - (performance.now() - since));
    const after = [await cluster.get("Widget", "contested"), await cluster.get("ConfigMap", "contested-slow")];
    expect(after.map((object) => at(object, "metadata", "resourceVersion"))).toEqual(
      before.map((object) => at(object, "metadata", "resourceVersion")),
    );
    expect(await logOf(held)).toContain("the lease of a key was lost during its run");
  });

  it("a watcher whose event loop is held up for longer than its membership: the other serves its slots, no event is lost", async () => {
    const [held] = of("watcher");
    if (held === undefined) throw new Error("no watcher");
    const names = Array.from({ length: 6 }, (_, index) => `w-${index}`);
    for (const name of names) await cluster.apply(widget(name, `{ text: old, delay: "0" }`));
    for (const name of names) await cluster.untilReady(name);
    await disturb(held, `block ${BLOCKED_MS}`);
    for (const name of names.slice(0, 3)) await cluster.patch("Widget", name, { spec: { text: "new" } });
    for (const name of names.slice(3)) await cluster.delete("ConfigMap", `${name}-slow`);
    for (const name of names) {
      const wanted = names.indexOf(name) < 3 ? "new" : "old";
      await cluster.until("ConfigMap", `${name}-slow`, `carrying ${wanted}`, text(wanted), { withinMs: 16_000 });
    }
    await sleep(BLOCKED_MS);
    for (const name of names) await cluster.untilReady(name);
  });

  it.each([
    { name: "an hour ahead", jumpMs: HOUR_MS },
    { name: "two hours back", jumpMs: -2 * HOUR_MS },
  ])("clocks that jump $name: no lease is lost, and edits and repairs go on as before", async ({ jumpMs }) => {
    const lostLeases = async () => {
      const logs = await Promise.all(of("worker").map(logOf));
      return logs.join("").split("the lease of a key was lost").length;
    };
    const before = await lostLeases();
    webhook.hold();
    const name = `clock-${jumpMs < 0 ? "back" : "ahead"}`;
    await cluster.apply(widget(name, `{ text: old, delay: "5" }`));
    await waitFor("the run being in the middle of a write", 20_000, async () => webhook.held.has(`${name}-slow`));
    for (const each of cluster.stack.processes.filter(({ pid }) => pid > 0)) await disturb(each, `jump ${jumpMs}`);
    await cluster.untilReady(name, { withinMs: 15_000 });
    webhook.lift();
    await cluster.patch("Widget", name, { spec: { text: "new" } });
    await cluster.until("ConfigMap", `${name}-slow`, "carrying the edit", text("new"), { withinMs: 5000 });
    await cluster.delete("ConfigMap", `${name}-slow`);
    await cluster.until("ConfigMap", `${name}-slow`, "coming back", text("new"), { withinMs: 5000 });
    await cluster.untilReady(name, { withinMs: 5000 });
    expect(await lostLeases()).toBe(before);
  });
});
