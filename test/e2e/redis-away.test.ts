/**
 * Redis refuses connections for minutes, then answers slowly: nothing that happened meanwhile is lost, and everything is right
 * within a minute of its return. `KOREO_TEST_REDIS_AWAY_SECONDS` makes it longer.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { FaultyLine } from "../chaos/line.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { at, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { isReady } from "../support/stack.ts";
import { CHAIN, configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const AWAY_MS = Number(process.env["KOREO_TEST_REDIS_AWAY_SECONDS"] ?? "45") * 1000;
const WHOLE_WITHIN_MS = 60_000;
const NAMES = Array.from({ length: 60 }, (_, index) => `w-${index}`);
/** They wait for an object that nobody makes, and are looked at again every half minute. */
const WAITING = Array.from({ length: 60 }, (_, index) => `waiting-${index}`);
/** Within any such time after its return no more than three quarters of what was due meanwhile may be looked at. */
const CROWD_MS = 500;
const SPREAD_MS = 1000;
const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;

const WAITER = { ...WIDGET, kind: "Waiter", plural: "waiters" };
const READS =
  workflow("waits", step("missing"), "Waiter") +
  configMap("missing", "{}").replace("    namespace:", "    readonly: true\n    namespace:");

describe("a Redis in trouble", () => {
  let cluster: E2eCluster;
  let line: FaultyLine;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 0, workers: 0, kinds: [WIDGET, WAITER] });
    line = new FaultyLine(cluster.stack.redis.port);
    await line.start();
    const flags = ["--redis", `redis://127.0.0.1:${line.port}`];
    await Promise.all(
      (["watcher", "watcher", "worker", "worker"] as const).map((role) => cluster.stack.add(role, flags)),
    );
    await cluster.apply(CHAIN + READS);
    for (const name of NAMES) await cluster.apply(widget(name));
    for (const name of WAITING) await cluster.apply(widget(name).replace("Widget", "Waiter"));
    for (const name of NAMES) await cluster.untilReady(name);
    for (const name of WAITING) await cluster.untilReason(name, "Wait", "Waiter");
  });
  afterAll(async () => {
    await cluster.stop();
    await line.stop();
  });

  /** When each waiting key was first looked at, in ms since a moment of the wall clock, in order. */
  const firstLooks = async (sinceMs: number): Promise<readonly number[]> => {
    const workers = cluster.stack.processes.filter(({ role }) => role === "worker");
    const logs = await Promise.all(workers.map(({ logFile }) => readFile(logFile, "utf8")));
    const lines = logs
      .join("\n")
      .split("\n")
      .filter((line) => line.includes("run ended") && line.includes("/Waiter/"));
    const ends = lines.map((line) => JSON.parse(line) as { key: string; time: string; ms: number });
    const starts = ends.map(({ key, time, ms }) => ({ key, atMs: Date.parse(time) - ms - sinceMs }));
    const after = Map.groupBy(
      starts.filter(({ atMs }) => atMs > 0),
      ({ key }) => key,
    );
    return [...after.values()].map((looks) => Math.min(...looks.map(({ atMs }) => atMs))).sort((a, b) => a - b);
  };

  it(
    `that refuses connections for ${AWAY_MS / 1000} s: every change is answered within a minute of its return`,
    async () => {
      await line.refuse();
      const since = performance.now();
      const [edited, damaged, deleted] = [NAMES.slice(0, 20), NAMES.slice(20, 40), NAMES.slice(40)];
      for (const name of edited) await cluster.patch("Widget", name, { spec: { text: "edited" } });
      for (const name of damaged) await cluster.patch("ConfigMap", `${name}-first`, { data: { text: "vandalised" } });
      for (const name of deleted) await cluster.delete("ConfigMap", `${name}-second`);
      await sleep(AWAY_MS - (performance.now() - since));
      const asked = await cluster.requestsSince(Date.now() - 10_000);
      const runs = asked.filter(({ objectRef, verb }) => objectRef?.resource === "widgets" && verb === "get");
      expect(runs.length, "runs while nobody may hold a lease").toBe(0);

      await line.allow();
      const backAt = performance.now();
      const backAtWallMs = Date.now();
      const left = () => ({ withinMs: Math.max(1, WHOLE_WITHIN_MS - (performance.now() - backAt)) });
      for (const name of NAMES) {
        const wanted = edited.includes(name) ? "edited" : "hello";
        for (const part of ["first", "second"])
          await cluster.until("ConfigMap", `${name}-${part}`, `carrying ${wanted}`, text(wanted), left());
        await cluster.untilReady(name, left());
      }
      const wholeMs = performance.now() - backAt;
      await waitFor("a look at every key that fell due", left().withinMs, async () => {
        return (await firstLooks(backAtWallMs)).length === WAITING.length;
      });
      const looks = await firstLooks(backAtWallMs);
      const crowd = Math.max(...looks.map((from) => looks.filter((ms) => ms >= from && ms < from + CROWD_MS).length));
      expect(crowd, `keys within ${CROWD_MS} ms`).toBeLessThanOrEqual(WAITING.length * 0.75);
      expect((looks.at(-1) ?? 0) - (looks[0] ?? 0), "from the first look to the last").toBeGreaterThan(SPREAD_MS);
      console.log(
        `due meanwhile: ${looks.length} keys looked at ${looks[0]?.toFixed(0) ?? 0} to ${looks.at(-1)?.toFixed(0) ?? 0} ms after its return, ` +
          `at most ${crowd} within ${CROWD_MS} ms`,
      );
      console.log(`Redis away for ${AWAY_MS / 1000} s: whole ${(wholeMs / 1000).toFixed(1)} s after its return`);
    },
    AWAY_MS + 300_000,
  );

  it("that answers 500 ms late: edits and repairs arrive, later than usual, and every process stays ready", async () => {
    line.delay(500);
    const since = performance.now();
    for (const name of NAMES.slice(0, 10)) await cluster.patch("Widget", name, { spec: { text: "slowly" } });
    for (const name of NAMES.slice(10, 20)) await cluster.delete("ConfigMap", `${name}-second`);
    for (const name of NAMES.slice(0, 10))
      await cluster.until("ConfigMap", `${name}-second`, "carrying the edit", text("slowly"), { withinMs: 30_000 });
    for (const name of NAMES.slice(10, 20))
      await cluster.until("ConfigMap", `${name}-second`, "coming back", text("edited"), { withinMs: 30_000 });
    console.log(
      `Redis 500 ms late: 10 edits and 10 repairs after ${((performance.now() - since) / 1000).toFixed(1)} s`,
    );
    for (const { name, healthUrl } of cluster.stack.processes) expect(await isReady(healthUrl), name).toBe(true);
    line.delay(0);
    for (const name of NAMES) await cluster.untilReady(name, { withinMs: 30_000 });
  });
});
