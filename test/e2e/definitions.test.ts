/** Definitions that are edited, come and go while the cluster runs. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { at, DEFINITIONS, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { CHAIN, configMap, step, widget, workflow } from "../support/widget-manifests.ts";

const LATE = { ...WIDGET, kind: "Late", plural: "lates" };
const text = (value: string) => (object: JsonObject | undefined) => at(object, "data", "text") === value;

describe("definitions", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 2, workers: 2 });
    await cluster.apply(CHAIN);
    await cluster.apply(widget("one"));
    await cluster.untilReady("one");
  });
  afterAll(() => cluster.stop());

  it("an edit takes effect within 1 s, over and over", async () => {
    for (let round = 0; round < 5; round += 1) {
      await cluster.get("ConfigMap", "one-first");
      await cluster.apply(configMap("first", `{ text: "round ${round}" }`, "  return: { text: =resource.data.text }"));
      const ms = await cluster.until("ConfigMap", "one-first", `being of round ${round}`, text(`round ${round}`));
      expect(ms).toBeLessThan(1000);
    }
  });

  it("no key ends on an older definition than it was woken for", async () => {
    // An edit of the definition and of the trigger in one breath: the trigger's run must already see the new one.
    for (let round = 0; round < 5; round += 1) {
      await cluster.apply(
        configMap("first", `{ text: "=inputs.spec.text + '/${round}'" }`, "  return: { text: =resource.data.text }"),
      );
      await cluster.patch("Widget", "one", { spec: { text: `t${round}` } });
      await cluster.until("ConfigMap", "one-second", "carrying both edits", text(`t${round}/${round}`), {
        withinMs: 5000,
      });
    }
  });

  it("carry conditions of their own", async () => {
    const isReady = (object: JsonObject | undefined) => readinessOf(object)?.status === "True";
    await cluster.until("Workflow", "chain", "being Ready", isReady, { namespace: DEFINITIONS });
    await cluster.until("ResourceFunction", "first", "being Ready", isReady, { namespace: DEFINITIONS });
  });

  it("a Workflow for a kind that is installed later begins within 5 s of the CRD", async () => {
    await cluster.apply(workflow("late", step("first"), "Late"));
    await sleep(3000); // long enough that "not served" is what everybody knows
    await cluster.applyObjects([crdOf(LATE)]);
    await cluster.apply(widget("tardy").replace("kind: Widget", "kind: Late"));
    await cluster.untilReady("tardy", { kind: "Late", withinMs: 8000 }); // 2 s of it are the API server's own for a new CRD
  });

  it("a Workflow that is deleted and comes back: its triggers say so and go on", async () => {
    await cluster.delete("Workflow", "chain", DEFINITIONS);
    const hasNone = (object: JsonObject | undefined) => readinessOf(object)?.status !== "True";
    await cluster.until("Widget", "one", "saying that it has no Workflow", hasNone, { withinMs: 10_000 });
    await cluster.apply(widget("fresh"));
    await cluster.until(
      "Widget",
      "fresh",
      "saying that it has no Workflow",
      (object) => readinessOf(object) !== undefined && hasNone(object),
      { withinMs: 10_000 },
    );
    // The kind is remembered in Kubernetes, for nothing else does any more.
    const kept = await cluster.get("ConfigMap", "koreo-trigger-kinds", DEFINITIONS);
    expect(Object.keys(at(kept, "data") as object)).toContain("koreo_Widget.e2e.koreo.test");
    await cluster.apply(CHAIN);
    await cluster.untilReady("one", { withinMs: 10_000 });
    await cluster.untilReady("fresh", { withinMs: 10_000 });
  });

  it("one Workflow chosen by annotation", async () => {
    await cluster.apply(workflow("other", step("other")) + configMap("other", "{ text: other }"));
    // Two now match, so a trigger has to choose.
    const chosen = widget("choosy").replace(
      "namespace: apps }",
      `namespace: apps, annotations: { koreo.dev/workflow: other } }`,
    );
    await cluster.apply(chosen);
    await cluster.untilReady("choosy");
    expect(at(await cluster.get("ConfigMap", "choosy-other"), "data", "text")).toBe("other");
    await cluster.delete("Workflow", "other", DEFINITIONS);
  });
});
