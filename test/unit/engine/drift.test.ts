/** Which writes count as repairs of drift. */
import { describe, expect, it } from "vitest";
import type { KeyText } from "../../../src/core/object-key.ts";
import type { InventoryEntry } from "../../../src/core/resource/inventory.ts";
import { isDriftRepair } from "../../../src/engine/drift.ts";
import type { Cause, CauseReason } from "../../../src/engine/ports/reconcile-queue.ts";
import type { RunObserver } from "../../../src/engine/run-context.ts";
import { CONFIG_MAP, flow, keeps, keyOf, request, WorkerBench } from "./worker-bench.ts";

const [A, B] = ["a", "b"] as KeyText[] as [KeyText, KeyText];
const recorded = new Map([
  [A, { uid: "1" } as InventoryEntry],
  [B, { uid: "" } as InventoryEntry],
]);
const cause = (reason: CauseReason, object?: KeyText): Cause => ({
  reason,
  atMs: 0,
  ...(object === undefined ? {} : { object }),
});

describe("a write repairs drift", () => {
  it.each([
    { when: "the object was modified", causes: [cause("managed-modified", A)], is: true },
    { when: "it was found so by a resync", causes: [cause("resync")], is: true },
    { when: "both", causes: [cause("resync"), cause("managed-modified", A)], is: true },
    { when: "another object was modified", causes: [cause("managed-modified", B)], is: false },
    { when: "the trigger was modified, too", causes: [cause("managed-modified", A), cause("modified")], is: false },
    { when: "a definition was edited", causes: [cause("definition")], is: false },
    { when: "a retry goes on", causes: [cause("retry")], is: false },
    { when: "nobody knows why it runs", causes: [], is: false },
  ])("when $when: $is", ({ causes, is }) => {
    expect(isDriftRepair({ causes, recorded }, A, {})).toBe(is);
  });

  it("when the object is gone, whichever change was kept; never when no run has seen it before", () => {
    const causes = [cause("managed-deleted", B)];
    expect(isDriftRepair({ causes, recorded }, A, null)).toBe(true);
    expect(isDriftRepair({ causes, recorded }, B, null)).toBe(false);
    expect(isDriftRepair({ causes, recorded: new Map() }, A, null)).toBe(false);
  });
});

describe("the observer of runs", () => {
  const told: string[] = [];
  const observer: RunObserver = {
    wrote: (_plan, action, { kind, isRepair }) => told.push(`${action} ${kind}${isRepair ? " (repair)" : ""}`),
    lockAsked: ({ isHeld }) => told.push(isHeld ? "refused" : "locked"),
  };

  it("is told of a first write and of a repair", async () => {
    told.length = 0;
    const bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("req"), { observer });
    await bench.run("req", [cause("added")]);
    await bench.run("req", [cause("retry")]);
    await bench.patch(CONFIG_MAP, "shared", { data: { text: "drift" } });
    await bench.run("req", [cause("managed-modified", keyOf(CONFIG_MAP, "shared"))]);
    await bench.delete(CONFIG_MAP, "shared");
    await bench.run("req", [cause("managed-deleted", keyOf(CONFIG_MAP, "shared"))]);
    expect(told).toEqual(["create ConfigMap", "patch ConfigMap (repair)", "create ConfigMap (repair)"]);
    bench.stop();
  });

  it("is told whether a lock that was asked for was held", async () => {
    told.length = 0;
    const bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("req") + request("other"), {
      observer,
    });
    await bench.run("req");
    await bench.patch(CONFIG_MAP, "shared", { data: { text: "drift" } });
    await bench.index.add([{ object: keyOf(CONFIG_MAP, "shared"), trigger: keyOf(CONFIG_MAP, "somebody") }]);
    await bench.lock.acquire(keyOf(CONFIG_MAP, "shared"), keyOf(CONFIG_MAP, "somebody"), 60_000);
    await bench.run("req");
    await bench.lock.release(keyOf(CONFIG_MAP, "shared"), keyOf(CONFIG_MAP, "somebody"));
    await bench.run("req");
    expect(told).toEqual(["create ConfigMap", "refused", "locked", "patch ConfigMap"]);
    bench.stop();
  });
});
