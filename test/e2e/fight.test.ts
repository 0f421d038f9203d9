/** Somebody else, under a name of their own, wants one field otherwise, again and again: told soon, slowed alone, won at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Person } from "../chaos/person.ts";
import { CONFIG_MAP } from "../contract/object-kinds.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { APPS, at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** Of repairs that the rival undid, within which they must be told of. */
const KNOWN_WITHIN = 5;
const REPAIRED_WITHIN_MS = 2000;
const PATIENCE_MS = 30_000;

const FIGHT =
  workflow("fight", step("fought") + step("sibling")) +
  configMap("fought", "{ text: =inputs.spec.text }") +
  configMap("sibling", "{ text: =inputs.spec.text }");

let cluster: E2eCluster;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 1 });
  await cluster.apply(FIGHT + widget("a"));
  await cluster.untilReady("a");
  await sleep(1000); // the echoes of the first writes
});
afterAll(() => cluster.stop());

const versionOf = (object: JsonObject | undefined) => Number(at(object, "metadata", "resourceVersion"));
/** As wanted again, after this foreign write. */
const isRepaired = (edited: JsonObject | undefined) => (object: JsonObject | undefined) =>
  at(object, "data", "text") === "hello" && versionOf(object) > versionOf(edited);

it("two writers of a field are told by name within five rounds, slow nothing else, and end in what is wanted", async () => {
  const rival = new Person(cluster.access, "rival");
  const fought = { type: CONFIG_MAP, namespace: APPS, name: "a-fought" };
  const undo = (round: number) => rival.patch(fought, { data: { text: `rival-${round}` } });
  const told = async () => readinessOf(await cluster.get("Widget", "a"))?.message ?? "";

  // 1. Every repair is undone until the trigger says so.
  let rounds = 0;
  while (!(await told()).includes("rival")) {
    rounds += 1;
    expect(rounds, `rounds before it is told: ${await told()}`).toBeLessThanOrEqual(KNOWN_WITHIN);
    const edited = await undo(rounds);
    const repaired = cluster.until("ConfigMap", "a-fought", "being repaired", isRepaired(edited), { withinMs: 3000 });
    await Promise.race([repaired.catch(() => undefined), untilTold()]);
  }
  const message = await told();
  for (const part of ["ConfigMap:apps:a-fought", "'data' -> 'text'", "rival", "koreo-cluster"])
    expect(message).toContain(part);

  // 2. It goes on, and its sibling is kept as before.
  const over = new AbortController();
  const fighting = (async () => {
    let last: JsonObject | undefined;
    for (let round = 100; !over.signal.aborted; round += 1) {
      last = await undo(round);
      await sleep(200);
    }
    return last;
  })();
  const since = performance.now();
  const vandalised = await cluster.patch("ConfigMap", "a-sibling", { data: { text: "vandalised" } });
  await cluster.until("ConfigMap", "a-sibling", "being repaired", isRepaired(vandalised), { withinMs: PATIENCE_MS });
  const siblingMs = performance.now() - since;
  expect(siblingMs).toBeLessThan(REPAIRED_WITHIN_MS);
  await sleep(3000);

  // 3. The rival gives up.
  over.abort();
  const last = await fighting;
  const endMs = performance.now();
  await cluster.until("ConfigMap", "a-fought", "being as wanted", isRepaired(last), { withinMs: PATIENCE_MS });
  const wonMs = performance.now() - endMs;
  console.log(
    `told after ${rounds} rounds; a sibling repaired in ${siblingMs.toFixed(0)} ms; as wanted ${wonMs.toFixed(0)} ms after the end`,
  );
  expect(wonMs).toBeLessThan(REPAIRED_WITHIN_MS);
  await cluster.untilReady("a");

  async function untilTold(): Promise<void> {
    await cluster.until("Widget", "a", "telling", (object) => (readinessOf(object)?.message ?? "").includes("rival"));
  }
});
