/** One tenant whose writes hang, many at once: another's work goes on beside it (invariant 9). */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { DEFAULT_BUDGET } from "../../src/adapters/kubernetes/request-budget.ts";
import { startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import { configMap, widget, workflow } from "../support/widget-manifests.ts";

/** More than a worker has in flight at once. */
const WRITES = 100;
/** More than a worker runs at once. */
const RUNS = 60;
/** Less than a request is waited for. */
const HANG_SECONDS = 25;
const OTHER = "other-apps";

/** As many ConfigMaps as the trigger says, whose writes take as long as it says. */
const CROWD =
  workflow(
    "crowd",
    `    - label: crowd
      ref: { kind: ResourceFunction, name: item }
      forEach: { itemIn: =lists.range(parent.spec.count), inputKey: item }
      inputs: { name: =parent.metadata.name, namespace: =parent.metadata.namespace, delay: =parent.spec.delay }
`,
  ) +
  configMap(
    "item",
    "{ some: text }",
    `  overlays:
    - overlay: { metadata: { labels: { delay: =inputs.delay } } }`,
  ).replace(`=inputs.name + "-item"`, `=inputs.name + "-" + string(inputs.item)`);

let cluster: E2eCluster;
let webhook: RefusingWebhook;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 1 });
  webhook = await RefusingWebhook.startOn(cluster);
  await cluster.applyObjects([{ apiVersion: "v1", kind: "Namespace", metadata: { name: OTHER } }]);
  await cluster.apply(CROWD);
});
afterAll(async () => {
  webhook.lift();
  await cluster.stop();
  await webhook.stop();
});

/** Waits until no more writes come to hang, and says how many do. */
async function untilAllHang(): Promise<number> {
  const seen: number[] = [];
  await waitFor("as many writes hanging as one namespace may have", 20_000, async () => {
    seen.push(webhook.held.size);
    await sleep(500);
    const last = seen.slice(-4);
    return (last[0] ?? 0) > 0 && last.length === 4 && new Set(last).size === 1;
  });
  const held = seen.at(-1) ?? 0;
  expect(held).toBeLessThan(DEFAULT_BUDGET.maxInFlight);
  return held;
}

async function expectOtherBeside(name: string, held: number): Promise<void> {
  await cluster.apply(widget(name, '{ count: 3, delay: "0" }', OTHER));
  const readyMs = await cluster.untilReady(name, { namespace: OTHER });
  console.log(`${held} writes hanging; ready beside them after ${Math.round(readyMs)} ms`);
  expect(webhook.held.size, "still hanging").toBeGreaterThanOrEqual(held);
}

it(`${WRITES} writes of one trigger that hang leave room for the triggers of another namespace (invariant 9)`, async () => {
  await cluster.apply(widget("many", `{ count: ${WRITES}, delay: "${HANG_SECONDS}" }`));
  await expectOtherBeside("b", await untilAllHang());
  webhook.lift();
  await cluster.untilReady("many");
});

it(`${RUNS} triggers of one namespace that hang leave places to those of another (invariant 9)`, async () => {
  webhook.hold();
  for (let index = 0; index < RUNS; index += 1)
    await cluster.apply(widget(`hangs-${index}`, `{ count: 1, delay: "${HANG_SECONDS}" }`));
  await expectOtherBeside("c", await untilAllHang());
  webhook.lift();
  for (let index = 0; index < RUNS; index += 1) await cluster.untilReady(`hangs-${index}`);
});
