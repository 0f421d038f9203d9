/**
 * Workers that cannot reach the API server while watchers can: it counts against the cluster and not against each key, so keys
 * are tried again every few seconds however long it lasts, spread out, and everything is right soon after.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { FaultyLine } from "../chaos/line.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const AWAY_MS = 25_000;
const NAMES = Array.from({ length: 50 }, (_, index) => `w-${index}`);
/** A run that the cluster did not answer is tried again after 5 s, give or take a quarter. */
const AGAIN_MS = { least: 3750, most: 6250 };
/** Of the spread of one look, in which no more than half of the keys may fall. */
const CROWD_MS = 500;

let cluster: E2eCluster;
let line: FaultyLine;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 0 });
  const { plane, kubeconfig } = cluster.stack;
  if (plane === undefined) throw new Error("no control plane");
  line = new FaultyLine(Number(new URL(plane.url).port));
  await line.start();
  const own = `${kubeconfig}.line`;
  await writeFile(own, (await readFile(kubeconfig, "utf8")).replaceAll(plane.url, `https://127.0.0.1:${line.port}`));
  await cluster.stack.add("worker", ["--kubeconfig", own]);
  await cluster.apply(CHAIN);
  for (const name of NAMES) await cluster.apply(widget(name));
  for (const name of NAMES) await cluster.untilReady(name);
});
afterAll(async () => {
  await cluster.stop();
  await line.stop();
});

/** The ends of runs of triggers since a moment of the wall clock. */
async function runsSince(wallMs: number) {
  const [worker] = cluster.stack.processes.filter(({ role }) => role === "worker");
  const lines = (await readFile(worker?.logFile ?? "", "utf8")).split("\n").filter((each) => each.startsWith("{"));
  return lines.flatMap((each) => {
    const run = JSON.parse(each) as { msg?: string; key?: string; outcome?: string; time?: string | number };
    const atMs = new Date(run.time ?? 0).getTime();
    const isOurs = run.msg === "run ended" && run.key?.includes("/Widget/") === true && atMs >= wallMs;
    return isOurs ? [{ key: run.key ?? "", outcome: run.outcome ?? "", atMs }] : [];
  });
}

it("keys are tried every few seconds, not all at once, and are right within one such time of its return", async () => {
  await line.refuse();
  const awayAt = Date.now();
  for (const name of NAMES) await cluster.patch("Widget", name, { spec: { text: "meanwhile" } });
  await sleep(AWAY_MS);
  // What a run under way had read before may still end well.
  const runs = (await runsSince(awayAt)).filter(({ outcome, atMs }) => outcome !== "ok" || atMs - awayAt > 1000);
  const perKey = Map.groupBy(runs, ({ key }) => key);
  expect(perKey.size).toBe(NAMES.length);
  expect(new Set(runs.map(({ outcome }) => outcome))).toEqual(new Set(["unavailable"]));
  for (const [key, ofKey] of perKey) {
    expect(ofKey.length, `${key}: no backoff of its own`).toBeGreaterThanOrEqual(AWAY_MS / AGAIN_MS.most - 1);
    expect(ofKey.length, `${key}: not in a hot loop`).toBeLessThanOrEqual(AWAY_MS / AGAIN_MS.least + 2);
  }

  const backAt = Date.now();
  await line.allow();
  for (const name of NAMES) {
    const is = (object: JsonObject | undefined) => at(object, "data", "text") === "meanwhile";
    await cluster.until("ConfigMap", `${name}-second`, "carrying the edit", is, { withinMs: 15_000 });
  }
  const first = new Map<string, number>();
  for (const { key, atMs } of await runsSince(backAt)) if (!first.has(key)) first.set(key, atMs - backAt);
  const looks = [...first.values()].sort((a, b) => a - b);
  console.log(`back in reach: first looks after ${looks[0]} to ${looks.at(-1)} ms`);
  for (const from of looks) {
    const crowd = looks.filter((each) => each >= from && each < from + CROWD_MS).length;
    expect(crowd, `keys within ${CROWD_MS} ms`).toBeLessThanOrEqual(NAMES.length / 2);
  }
});
