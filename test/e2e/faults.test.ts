/** Bad input and refusals: each ends as a condition that says where, what and what to do, and no other key is held up. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { at, DEFINITIONS, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { RefusingWebhook } from "../support/refusing-webhook.ts";
import { CHAIN, configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** A kind of its own per broken Workflow, so that the healthy one keeps its triggers. */
const KINDS = ["MissingFunction", "BrokenExpression", "UnknownKind", "Refused", "Looped"];
const kindOf = (kind: string) => ({ ...WIDGET, kind, plural: `${kind.toLowerCase()}s` });
const trigger = (kind: string, name: string, spec: string) =>
  widget(name, spec).replace("kind: Widget", `kind: ${kind}`);

describe("bad input (invariant 9)", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ kinds: [WIDGET, ...KINDS.map(kindOf)] });
    await cluster.apply(CHAIN);
  });
  afterAll(() => cluster.stop());

  let count = 0;
  /** Whatever is broken elsewhere, a healthy trigger becomes Ready as fast as ever. */
  beforeEach(async () => {
    count += 1;
    await cluster.apply(widget(`healthy-${count}`));
    expect(await cluster.untilReady(`healthy-${count}`)).toBeLessThan(5000);
  });

  it("a Workflow naming a missing function says so on the trigger and on itself", async () => {
    await cluster.apply(workflow("missing", step("ghost"), "MissingFunction") + trigger("MissingFunction", "a", "{}"));
    const namesGhost = (object: JsonObject | undefined) =>
      readinessOf(object)?.status !== "True" && readinessOf(object)?.message.includes("ghost") === true;
    await cluster.until("MissingFunction", "a", "naming the missing function", namesGhost);
    await cluster.until("Workflow", "missing", "naming the missing function", namesGhost, { namespace: DEFINITIONS });
    // And it heals by itself once the function is there.
    await cluster.apply(configMap("ghost", "{ a: b }"));
    await cluster.untilReady("a", { kind: "MissingFunction" });
  });

  it("a broken expression is reported with its path on function and trigger", async () => {
    await cluster.apply(
      workflow("broken", step("broken"), "BrokenExpression") +
        configMap("broken", `{ a: "=1 +" }`) +
        trigger("BrokenExpression", "a", "{}"),
    );
    await cluster.until(
      "ResourceFunction",
      "broken",
      "saying where it is broken",
      (object) =>
        readinessOf(object)?.status === "False" && readinessOf(object)?.message.includes("spec.resource") === true,
      { namespace: DEFINITIONS },
    );
    await cluster.until(
      "BrokenExpression",
      "a",
      "naming the broken function",
      (object) => readinessOf(object)?.status !== "True" && readinessOf(object)?.message.includes("broken") === true,
    );
  });

  it("a kind the server does not know is waited for, and used once it is installed", async () => {
    const gizmo = configMap("gizmo", "{ a: b }")
      .replace("apiVersion: v1", "apiVersion: e2e.koreo.test/v1")
      .replace("kind: ConfigMap", "kind: Gizmo")
      .replace("plural: configmaps", "plural: gizmos");
    await cluster.apply(workflow("gizmos", step("gizmo"), "UnknownKind") + gizmo + trigger("UnknownKind", "a", "{}"));
    await cluster.until("UnknownKind", "a", "naming the unknown kind and what to do", (object) =>
      /Gizmo.*install its CustomResourceDefinition/.test(readinessOf(object)?.message ?? ""),
    );
  });

  it("a spec of the wrong shape is the trigger's own failure, with the expression's place", async () => {
    await cluster.apply(widget("odd", "{ text: [1, 2] }"));
    const ready = await cluster.untilReason("odd", "Failure");
    expect(ready.status).toBe("False");
    expect(ready.message).not.toBe("");
    await cluster.patch("Widget", "odd", { spec: { text: "fine" } });
    await cluster.untilReady("odd");
  });

  it("two Workflows for one kind are refused by name", async () => {
    await cluster.apply(
      workflow("loop-a", step("first"), "Looped") +
        workflow("loop-b", step("first"), "Looped") +
        trigger("Looped", "a", "{ text: x }"),
    );
    await cluster.until("Looped", "a", "naming both Workflows", (object) => {
      const message = readinessOf(object)?.message ?? "";
      return message.includes("loop-a") && message.includes("loop-b");
    });
  });

  describe("an API server that refuses", () => {
    let webhook: RefusingWebhook;
    beforeAll(async () => {
      webhook = await RefusingWebhook.startOn(cluster);
      const labels = `  overlays:
    - overlay: { metadata: { labels: { refuse: =inputs.spec.code } } }`;
      await cluster.apply(workflow("refused", step("refused"), "Refused") + configMap("refused", "{ a: b }", labels));
    });
    afterAll(async () => {
      await cluster.delete("ValidatingWebhookConfiguration", "refusing");
      await webhook.stop();
    });

    it.each([
      { code: 403, kind: "retry", text: /refused with 403|forbidden/i },
      { code: 409, kind: "retry", text: /409|conflict|refused/i },
      { code: 422, kind: "permFail", text: /refused with 422/ },
      { code: 429, kind: "retry", text: /429|slow|busy|refused/i },
      { code: 500, kind: "retry", text: /500|refused/i },
    ])("with $code ends as $kind, in the server's words", async ({ code, kind, text }) => {
      await cluster.apply(trigger("Refused", `r-${code}`, `{ code: "${code}" }`));
      await cluster.until("Refused", `r-${code}`, `saying what the server said (${code})`, (object) => {
        const ready = readinessOf(object);
        const isKind = kind === "permFail" ? ready?.reason === "Failure" : ready?.reason === "Wait";
        return isKind && ready?.status === "False" && text.test(ready.message);
      });
    });

    it("and whatever can heal does, once the server takes writes again", async () => {
      webhook.lift();
      for (const code of [429, 500, 403, 409])
        await cluster.untilReady(`r-${code}`, { kind: "Refused", withinMs: 100_000 });
      // A permanent failure is tried again when something changes.
      await cluster.patch("Refused", "r-422", { spec: { code: "0" } });
      await cluster.untilReady("r-422", { kind: "Refused" });
    });
  });

  it("no value of a Secret or input leaves in a condition (invariant 10)", async () => {
    await cluster.apply(widget("secretive", `{ text: { password: "hunter2-hunter2" } }`));
    const ready = await cluster.untilReason("secretive", "Failure");
    expect(JSON.stringify(at(await cluster.get("Widget", "secretive"), "status"))).not.toContain("hunter2");
    expect(ready.status).toBe("False");
  });
});
