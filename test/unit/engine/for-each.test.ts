/** A forEach over more items than fit in a mailbox: each has its object, and one that fails leaves the others alone. */
import { afterEach, expect, it } from "vitest";
import { memberAt } from "../../../src/core/json.ts";
import { CONFIG_MAP, keeps, request, REQUEST, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const EACH = `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: flow, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Request }
  steps:
    - label: each
      ref: { kind: ResourceFunction, name: item }
      forEach: { itemIn: =parent.spec.items, inputKey: item }
      inputs: { spec: =parent.spec }
      condition: { type: Each, name: Each }
`;

it("runs 1,500 items", async () => {
  const items = Array.from({ length: 1500 }, (_, index) => `i${index}`);
  const item = keeps("item", { data: "{ text: =inputs.item }", object: `="item-" + inputs.item` });
  bench = await WorkerBench.start(EACH + item + request("one", JSON.stringify({ items })));
  await bench.run("one");
  expect((await bench.condition("one", "Each")).reason).toBe("Ready");
  expect((await bench.condition("one")).reason).toBe("Ready");
  expect(memberAt(await bench.get(CONFIG_MAP, "item-i1499"), ["data", "text"])).toBe("i1499");
  expect(bench.writes.filter((write) => write.startsWith("create"))).toHaveLength(1500);
  expect(memberAt(await bench.get(REQUEST, "one"), ["status", "observedGeneration"])).toBe(1);
});
