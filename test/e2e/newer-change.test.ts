/** A trigger that is edited while it runs: the run on the older spec gives way, once in a row. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** How long every write of the first object takes: longer than a worker needs to hear that somebody waits. */
const WRITE_SECONDS = 7;
const WITHIN_MS = 30_000;

const STAIRS =
  workflow("stairs", step("first") + step("second", { more: ", before: =steps.first" })) +
  configMap(
    "first",
    "{ text: =inputs.spec.text }",
    `  overlays:
    - overlay: { metadata: { labels: { delay: =string(${WRITE_SECONDS}) } } }
  return: { text: =resource.data.text }`,
  ) +
  configMap("second", "{ text: =inputs.before.text }");

let cluster: E2eCluster;
let webhook: RefusingWebhook;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 1 });
  webhook = await RefusingWebhook.startOn(cluster);
  await cluster.apply(STAIRS);
});
afterAll(async () => {
  await cluster.stop();
  await webhook.stop();
});

const textOf = (object: unknown) => at(object as never, "data", "text");

async function untilWriting(run: string, count: number): Promise<void> {
  const isAsked = () => Promise.resolve((webhook.reviews.get("a-first") ?? 0) >= count);
  await waitFor(`${run} being in the middle of its first write`, WITHIN_MS, isAsked);
}

async function interruptions(): Promise<number> {
  const worker = cluster.stack.processes.find(({ role }) => role === "worker");
  const text = await (await fetch(`${worker?.healthUrl ?? ""}/metrics`)).text();
  return Number(/^koreo_run_interruptions_total\{reason="superseded"\} (\d+)$/m.exec(text)?.[1]);
}

it("a newer change pre-empts the run under way, and never two runs in a row", async () => {
  await cluster.apply(widget("a", "{ text: one }"));
  await untilWriting("the first run", 1);
  await cluster.patch("Widget", "a", { spec: { text: "two" } });

  // The second run, which somebody waits for again: it goes on to its end.
  await untilWriting("the second run", 2);
  expect(await cluster.get("ConfigMap", "a-second"), "made by a run on an older spec").toBeUndefined();
  expect(await interruptions()).toBe(1);
  await cluster.patch("Widget", "a", { spec: { text: "three" } });
  await cluster.until("ConfigMap", "a-second", "being there", (object) => object !== undefined, {
    withinMs: WITHIN_MS,
  });
  expect(textOf(await cluster.get("ConfigMap", "a-second"))).toBe("two");
  expect(await interruptions()).toBe(1);

  await cluster.until("ConfigMap", "a-second", "being as wanted in the end", (object) => textOf(object) === "three", {
    withinMs: WITHIN_MS,
  });
  await cluster.untilReady("a");
});
