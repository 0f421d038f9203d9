/** What a run writes on its trigger: at most once each, whatever the API server takes of it, and never over a newer run. */
import { afterEach, describe, expect, it } from "vitest";
import { isJsonObject, member, memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { parseInventory } from "../../../src/core/resource/inventory.ts";
import type { ClusterFault } from "../../../src/engine/ports/object-store.ts";
import { flow, keeps, REQUEST, request, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const STATUS = "patchStatus Request/one";
const ANNOTATIONS = "patch Request/one";
const annotation = async (name: string) =>
  textMember(memberAt(await bench.get(REQUEST, "one"), ["metadata", "annotations"]), name);

describe("annotations that the API server does not take (M7)", () => {
  const many = keeps("keep", { object: "=inputs.item.name" });
  const each = `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: flow, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Request }
  steps:
    - label: each
      ref: { kind: ResourceFunction, name: keep }
      forEach: { itemIn: =parent.spec.items, inputKey: item }
      inputs: { spec: =parent.spec }
`;
  const requestOf = (count: number) => {
    const items = Array.from({ length: count }, (_, index) => ({ name: `${"long-name-".repeat(15)}${index}` }));
    return request("one", `{ text: x, items: ${JSON.stringify(items)} }`);
  };
  /** Leaves some kilobytes for ours. */
  const CROWDED = { metadata: { annotations: { "others.example.com/notes": "n".repeat(255 * 1024) } } };

  it("are never sent for very many objects: the inventory is packed, and Koreo's record left out", async () => {
    const count = 900;
    bench = await WorkerBench.start(each + many + requestOf(count));
    await bench.run("one");
    expect(await bench.condition("one")).toMatchObject({ reason: "Ready" });
    const inventory = await annotation("koreo.dev/inventory");
    expect(inventory).toMatch(/^deflate:/);
    const uid = textMember(memberAt(await bench.get(REQUEST, "one"), ["metadata"]), "uid");
    expect(parseInventory(inventory, uid)).toHaveLength(count);
    expect(await annotation("koreo.dev/managed-resources")).toBe('{"workflow":"flow","resources":{}}');
    expect(await bench.writesOf("one")).toEqual([]);
  });

  it("leave the status to say how large they are", async () => {
    bench = await WorkerBench.start(each + many + requestOf(300));
    await bench.patch(REQUEST, "one", CROWDED);
    const writes = await bench.writesOf("one");
    expect(writes.filter((write) => write.includes("Request"))).toEqual([STATUS]);
    const { reason, message } = await bench.condition("one");
    expect(reason).toBe("Failure");
    expect(message).toMatch(/too large: \d+ bytes with 300 objects, .* Split the workflow/);
    expect(await bench.writesOf("one")).toEqual([]);
  });

  it("leave it to say what the server said", async () => {
    const refusal: ClusterFault = { kind: "invalid", detail: "metadata.annotations: Too long", status: 422 };
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), {
      before: (verb, { kind }) => (verb === "patch" && kind === "Request" ? refusal : undefined),
    });
    expect(await bench.writesOf("one")).toEqual(["create ConfigMap/shared", ANNOTATIONS, STATUS]);
    const { reason, message } = await bench.condition("one");
    expect(reason).toBe("Failure");
    expect(message).toContain("metadata.annotations: Too long");
    expect(await bench.condition("one", "keep")).toMatchObject({ reason: "Ready" });
  });

  it("leave it, too, where the status is no subresource", async () => {
    const plain = { ...REQUEST, hasStatus: false };
    bench = await WorkerBench.start(each + many + requestOf(300), { kinds: [plain] });
    await bench.patch(REQUEST, "one", CROWDED);
    expect((await bench.writesOf("one")).filter((write) => write.includes("Request"))).toEqual([ANNOTATIONS]);
    expect((await bench.condition("one")).message).toContain("too large");
  });
});

describe("a kind whose schema drops fields of the status (M8)", () => {
  const pruned = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(pruned);
    if (!isJsonObject(value)) return value;
    const kept = Object.entries(value).filter(([name]) => !["location", "lastTransitionTime"].includes(name));
    return Object.fromEntries(kept.map(([name, inner]) => [name, pruned(inner)]));
  };
  const start = async () => {
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"));
    const { cluster } = bench;
    const patch = cluster.patch.bind(cluster);
    cluster.patch = (ref, body, signal, subresource) =>
      patch(ref, subresource === undefined ? body : (pruned(body) as JsonObject), signal, subresource);
  };

  it("has its status written once", async () => {
    await start();
    expect(await bench.writesOf("one")).toContain(STATUS);
    for (let run = 0; run < 3; run += 1) {
      await bench.clock.advance(5000);
      expect(await bench.writesOf("one")).toEqual([]);
    }
  });

  it("has it written when it changes, and when somebody changes what stands there", async () => {
    await start();
    await bench.run("one");
    await bench.apply(request("one", "{ text: other }"));
    expect(await bench.writesOf("one")).toContain(STATUS);
    expect(await bench.writesOf("one")).toEqual([]);
    const trigger = { type: REQUEST, namespace: "apps", name: "one" };
    await bench.cluster.patch(trigger, { status: { conditions: [] } }, new AbortController().signal, "status");
    expect(await bench.writesOf("one")).toEqual([STATUS]);
    expect((await bench.condition("one")).reason).toBe("Ready");
  });
});

describe("a write on the trigger that is refused because it changed", () => {
  /** Changes the trigger while the run has it, once. */
  const startWith = async (change: () => Promise<void>) => {
    let isDone = false;
    bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one"), {
      before: async (verb, { name }) => {
        if (verb === "create" && name === "shared" && !isDone) {
          isDone = true;
          await change();
        }
        return undefined;
      },
    });
  };

  it("is sent again when somebody else changed it", async () => {
    await startWith(() => bench.apply(request("one", "{ text: edited }")));
    expect(await bench.run("one")).toMatchObject({ kind: "done" });
    expect(await annotation("koreo.dev/inventory")).toContain("shared");
    expect((await bench.condition("one")).reason).toBe("Ready");
  });

  it.each([
    {
      name: "another status",
      report: { status: { conditions: [{ type: "Ready", status: "False", reason: "Newer", message: "" }] } },
    },
    { name: "another inventory", report: { metadata: { annotations: { "koreo.dev/inventory": "newer" } } } },
    { name: "a later generation", report: { status: { observedGeneration: 99 } } },
  ])("is not sent again when a newer run wrote $name", async ({ report }) => {
    const trigger = { type: REQUEST, namespace: "apps", name: "one" };
    const newer = async () => {
      const subresource = "status" in report ? "status" : undefined;
      await bench.cluster.patch(trigger, report, new AbortController().signal, subresource);
    };
    await startWith(newer);
    expect(await bench.run("one")).toMatchObject({ kind: "failed" });
    const object = await bench.get(REQUEST, "one");
    const [, theirs] = Object.entries(report)[0] ?? [];
    expect(JSON.stringify(object)).toContain(JSON.stringify(theirs).slice(1, -1));
    expect(member(object, "status") === undefined || "status" in report).toBe(true);
  });
});

describe("koreo.dev/managed-resources", () => {
  const managed = async () => JSON.parse(await annotation("koreo.dev/managed-resources")) as JsonObject;
  const gated = keeps("keep", {
    more: `preconditions: [{ assert: '=inputs.spec.text != "stop"', retry: { message: stopped, delay: 5 } }]`,
  });

  it("keeps the entry of a step whose preconditions fail", async () => {
    bench = await WorkerBench.start(flow("keep") + gated + request("one"));
    await bench.run("one");
    const before = await managed();
    expect(memberAt(before, ["resources", "keep", "name"])).toBe("shared");
    await bench.apply(request("one", "{ text: stop }"));
    await bench.run("one");
    expect((await bench.condition("one")).message).toContain("stopped");
    expect(await managed()).toEqual(before);
  });

  it("keeps all of it while the workflow is not ready", async () => {
    bench = await WorkerBench.start(flow("keep") + gated + request("one"));
    await bench.run("one");
    const before = await managed();
    await bench.apply(flow("keep", "missing"));
    await bench.run("one");
    expect((await bench.condition("one")).reason).toBe("Wait");
    expect(await managed()).toEqual(before);
  });
});
