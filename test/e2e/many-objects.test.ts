/** A trigger with more objects than its annotations could name one by one: kept, told of, pruned and deleted like any other. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ANNOTATION } from "../../src/core/names.ts";
import { namedObjects } from "../../src/core/resource/named-objects.ts";
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { configMap, widget, workflow } from "../support/widget-manifests.ts";

const COUNT = 1500;
const FEWER = 1490;
const WITHIN_MS = 240_000;

/** One ConfigMap of a long name for each item. */
const EACH =
  workflow(
    "each",
    `    - label: each
      ref: { kind: ResourceFunction, name: item }
      forEach: { itemIn: =parent.spec.items, inputKey: item }
      inputs: { name: =parent.metadata.name, namespace: =parent.metadata.namespace }
`,
  ) +
  configMap("item", "{ text: =inputs.item }").replace(
    `=inputs.name + "-item"`,
    `=inputs.name + "-with-a-name-as-long-as-people-give-them-" + inputs.item`,
  );
const items = (count: number) => Array.from({ length: count }, (_, index) => `i${index}`);
const annotation = (object: JsonObject | undefined, name: string) =>
  textMember(memberAt(object, ["metadata", "annotations"]), name);

let cluster: E2eCluster;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 1, workers: 1 });
  await cluster.apply(EACH);
});
afterAll(() => cluster.stop());

it(`${COUNT} objects are kept and recorded; an item that goes takes its object with it, and so does the trigger`, async () => {
  const since = performance.now();
  await cluster.apply(widget("a", JSON.stringify({ items: items(COUNT) })));
  await cluster.untilReady("a", { withinMs: WITHIN_MS });
  console.log(`${COUNT} objects: Ready after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  const trigger = (await cluster.get("Widget", "a")) ?? {};
  expect(annotation(trigger, ANNOTATION.inventory)).toMatch(/^deflate:/);
  expect(annotation(trigger, ANNOTATION.managedResources)).toBe('{"workflow":"each","resources":{}}');
  expect(namedObjects(trigger)).toHaveLength(COUNT);

  await cluster.patch("Widget", "a", { spec: { items: items(FEWER) } });
  const last = `a-with-a-name-as-long-as-people-give-them-i${COUNT - 1}`;
  await cluster.until("ConfigMap", last, "gone with its item", (object) => object === undefined, {
    withinMs: WITHIN_MS,
  });
  await cluster.until(
    "Widget",
    "a",
    "recording what is left",
    (object) => namedObjects(object ?? {}).length === FEWER,
    {
      withinMs: WITHIN_MS,
    },
  );
  const first = `a-with-a-name-as-long-as-people-give-them-i0`;
  expect(at(await cluster.get("ConfigMap", first), "data", "text")).toBe("i0");
  expect(member(await cluster.get("ConfigMap", first), "metadata")).toHaveProperty("ownerReferences");

  await cluster.delete("Widget", "a");
  await cluster.until("ConfigMap", first, "gone with the trigger", (object) => object === undefined, {
    withinMs: WITHIN_MS,
  });
});
