/** A healthy Workflow of many objects that others go on changing: nobody fights, so nothing is written less often. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { valueOf } from "../contract/object-store.ts";
import { percentile } from "../chaos/summary.ts";
import { APPS, at, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { ObjectBoard } from "../support/object-board.ts";
import { configMap, widget, workflow } from "../support/widget-manifests.ts";

const CHILDREN = 200;
/** Fewer than the five in which a fight is known. */
const ROUNDS = 3;
const WITHIN_MS = 60_000;

const MANY =
  workflow(
    "many",
    `    - label: child
      ref: { kind: ResourceFunction, name: child }
      forEach: { itemIn: =lists.range(${CHILDREN}), inputKey: item }
      inputs: { name: =parent.metadata.name, namespace: =parent.metadata.namespace, text: =parent.spec.text }
`,
  ) +
  configMap("child", "{ text: =inputs.text }").replace(
    `=inputs.name + "-child"`,
    `=inputs.name + "-" + string(inputs.item)`,
  );
const NAMES = Array.from({ length: CHILDREN }, (_, index) => `a-${index}`);

let cluster: E2eCluster;
const said = new Set<string>();
const triggers = new ObjectBoard(({ readiness }) => said.add(`${readiness.reason}: ${readiness.message}`));
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 1 });
  await triggers.open(cluster.access.informers, { type: WIDGET, namespace: APPS, metadataOnly: false });
  await cluster.apply(MANY + widget("a"));
  await cluster.untilReady("a", { withinMs: WITHIN_MS });
});
afterAll(async () => {
  triggers.close();
  await cluster.stop();
});

/** @returns how long it took until the object was as wanted again */
async function vandalise(name: string): Promise<number> {
  const since = performance.now();
  const edited = await cluster.patch("ConfigMap", name, { data: { text: "vandalised" } });
  const version = Number(at(edited, "metadata", "resourceVersion"));
  const isRepaired = (object: JsonObject | undefined) =>
    at(object, "data", "text") === "hello" && Number(at(object, "metadata", "resourceVersion")) > version;
  await cluster.until("ConfigMap", name, "being repaired", isRepaired, { withinMs: WITHIN_MS });
  return performance.now() - since;
}

it(`all ${CHILDREN} objects of one trigger, changed ${ROUNDS} times each, are repaired and none is held back`, async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const took = await Promise.all(NAMES.map(vandalise));
    const [p50, p99] = [0.5, 0.99].map((share) => Math.round(percentile(took, share)));
    console.log(`round ${round}: ${took.length} repairs, p50 ${p50} ms, p99 ${p99} ms`);
  }
  await cluster.untilReady("a", { withinMs: WITHIN_MS });
  expect([...said].filter((text) => text.includes("less often"))).toEqual([]);
  const { store } = cluster.access;
  const signal = AbortSignal.timeout(WITHIN_MS);
  const type = valueOf(await store.resolve({ group: "", kind: "Event" }, signal));
  const events = valueOf(await store.list(type, { namespace: APPS }, signal)).items;
  expect(events.length).toBeGreaterThan(0);
  expect(events.filter(({ reason }) => reason === "Contested")).toEqual([]);
});
