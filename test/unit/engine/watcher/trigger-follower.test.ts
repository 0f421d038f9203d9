/** What a take-over, a list and an edit of the plan wake, and what they do not. */
import { describe, expect, it } from "vitest";
import { MemoryObjectIndex } from "../../../../src/adapters/memory/object-index.ts";
import { MemoryWatchLedger } from "../../../../src/adapters/memory/watch-ledger.ts";
import type { JsonObject } from "../../../../src/core/json.ts";
import { ANNOTATION } from "../../../../src/core/names.ts";
import type { Catalog } from "../../../../src/core/plan/catalog.ts";
import { formatKind } from "../../../../src/core/object-key.ts";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";
import type { ReconcileQueue, WakeUp } from "../../../../src/engine/ports/reconcile-queue.ts";
import { PendingWakeUps } from "../../../../src/engine/watcher/pending-wake-ups.ts";
import { TriggerFollower } from "../../../../src/engine/watcher/trigger-follower.ts";
import type { WatcherOptions, WatcherPorts } from "../../../../src/engine/watcher/watcher-ports.ts";
import { triggerFingerprint } from "../../../../src/engine/wake.ts";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";
import { silentLog } from "../../../support/silent-log.ts";

const KIND = {
  group: "e.test",
  kind: "T",
  slot: formatKind({ cluster: "local", group: "e.test", kind: "T" }),
};
const SIGNAL = new AbortController().signal;
const keyOf = (namespace: string, name: string) => `local/e.test/T/${namespace}/${name}`;

function trigger(namespace: string, name: string, spec: JsonObject = {}, annotations: JsonObject = {}): JsonObject {
  return {
    apiVersion: "e.test/v1",
    kind: "T",
    metadata: { namespace, name, uid: `u-${namespace}-${name}`, annotations },
    spec,
  };
}

class Harness {
  readonly clock = new ManualClock();
  readonly ledger = new MemoryWatchLedger();
  readonly sent: WakeUp[] = [];
  plan = "plan-1";
  /** Of every Workflow that an annotation names. */
  askedPlan = "asked-1";
  isQueueDown = false;
  readonly pending: PendingWakeUps;
  readonly follower: TriggerFollower;

  constructor(triggerNamespaces: WatcherOptions["triggerNamespaces"] = "all") {
    const queue: Pick<ReconcileQueue, "enqueue"> = {
      enqueue: (wakeUps) => {
        if (this.isQueueDown) return Promise.reject(new StoreUnavailable("down"));
        this.sent.push(...wakeUps);
        return Promise.resolve();
      },
    };
    const ports = {
      ledger: this.ledger,
      index: new MemoryObjectIndex(),
      clock: this.clock,
      log: silentLog,
      queue,
      store: { cluster: "local" },
    } as unknown as WatcherPorts;
    const catalog = { planHashFor: () => this.plan, find: () => ({ planHash: this.askedPlan }) } as unknown as Catalog;
    this.pending = new PendingWakeUps(ports, () => "1");
    const options = {
      id: "w",
      triggerNamespaces,
      homeNamespace: "defs",
      installation: "koreo",
      resyncIntervalMs: 1000,
    };
    this.follower = new TriggerFollower(KIND, ports, options, this.pending, () => catalog);
  }

  /** As an informer tells of a list, in parts of two objects. */
  async list(objects: readonly JsonObject[], scope: string | undefined): Promise<void> {
    const kept = [];
    for (let at = 0; at < objects.length; at += 2)
      kept.push(...(await this.follower.digest(objects.slice(at, at + 2), SIGNAL)));
    await this.follower.onList(kept, scope, SIGNAL);
  }

  /** What was woken since the last time, `key reason`, resyncs left out. */
  async woken(): Promise<readonly string[]> {
    await this.pending.flush();
    const woken = this.sent.splice(0).filter(({ cause }) => cause.reason !== "resync");
    return woken.map(({ key, cause }) => `${key} ${cause.reason}`).sort();
  }

  /** As if a watcher before us had seen these, under the first plan. */
  async seenBefore(...objects: readonly JsonObject[]): Promise<void> {
    const texts = objects.map((object) => {
      const { namespace, name } = object["metadata"] as { namespace: string; name: string };
      return [keyOf(namespace, name), triggerFingerprint(object)] as const;
    });
    await this.ledger.record(KIND.slot, new Map(texts));
    await this.ledger.recordSpreadPlan(KIND.slot, "plan-1");
  }
}

describe("taking over a slot", () => {
  it("wakes what changed or was never seen, and gives the rest a look within the resync interval", async () => {
    const harness = new Harness();
    await harness.seenBefore(trigger("a", "same"), trigger("a", "edited"), trigger("a", "deleted"));
    await harness.list([trigger("a", "same"), trigger("a", "edited", { n: 1 }), trigger("a", "new")], undefined);
    await harness.pending.flush();
    const resync = harness.sent.filter(({ cause }) => cause.reason === "resync");
    expect(resync.map(({ key }) => key)).toEqual([keyOf("a", "same")]);
    expect(resync[0]?.afterMs).toBeLessThanOrEqual(1000);
    expect(await harness.woken()).toEqual([
      `${keyOf("a", "deleted")} deleted`,
      `${keyOf("a", "edited")} modified`,
      `${keyOf("a", "new")} added`,
    ]);
  });

  it("spreads a plan that was edited meanwhile over every namespace, each watched on its own", async () => {
    const harness = new Harness(["a", "b"]);
    await harness.seenBefore(trigger("a", "x"), trigger("b", "y"));
    harness.plan = "plan-2";
    harness.follower.setScopes(["a", "b"]);
    await harness.list([trigger("a", "x")], "a");
    await harness.list([trigger("b", "y")], "b");
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} definition`, `${keyOf("b", "y")} definition`]);
    expect(await harness.ledger.spreadPlan(KIND.slot)).toBe("plan-2");
  });

  it("forgets no namespace when several are listed at the same moment", async () => {
    const harness = new Harness(["a", "b"]);
    harness.follower.setScopes(["a", "b"]);
    await Promise.all([harness.list([trigger("a", "x")], "a"), harness.list([trigger("b", "y")], "b")]);
    await harness.woken();
    harness.plan = "plan-2";
    await harness.follower.onDefinitions(SIGNAL);
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} definition`, `${keyOf("b", "y")} definition`]);
  });
});

describe("an edit of the plan", () => {
  it("goes through all triggers of the kind in class 3: a few at once, the rest at a pace, and through none twice", async () => {
    const harness = new Harness();
    const triggers = Array.from({ length: 1000 }, (_, index) => trigger("a", `t-${index}`));
    await harness.list(triggers, undefined);
    await harness.woken();
    harness.plan = "plan-2";
    await harness.follower.onDefinitions(SIGNAL);
    await harness.pending.flush();
    const spread = harness.sent.filter(({ cause }) => cause.reason === "definition");
    expect(new Set(spread.map(({ key }) => key)).size).toBe(1000);
    expect(spread).toHaveLength(1000);
    expect(new Set(spread.map(({ workClass }) => workClass))).toEqual(new Set([3]));
    const dueMs = spread.map(({ afterMs = 0 }) => afterMs).sort((a, b) => a - b);
    expect(dueMs.filter((ms) => ms === 0).length).toBeLessThanOrEqual(201);
    for (let second = 0; second < 4; second += 1) {
      const within = dueMs.filter((ms) => ms > second * 1000 && ms <= (second + 1) * 1000);
      expect(within.length, `in second ${second}`).toBeLessThanOrEqual(200);
    }
    expect(dueMs.at(-1)).toBeLessThanOrEqual(4000);
  });

  it("is not for triggers that name a Workflow of their own, nor is that one's for others", async () => {
    const harness = new Harness();
    const asking = trigger("a", "asking", {}, { [ANNOTATION.workflow]: "own" });
    await harness.list([trigger("a", "x"), asking], undefined);
    await harness.woken();
    harness.plan = "plan-2";
    await harness.follower.onDefinitions(SIGNAL);
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} definition`]);
    harness.askedPlan = "asked-2";
    await harness.follower.onDefinitions(SIGNAL);
    expect(await harness.woken()).toEqual([`${keyOf("a", "asking")} definition`]);
    harness.plan = "plan-3";
    await harness.list([trigger("a", "x"), asking], undefined);
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} definition`]);
  });

  it("goes through triggers that name their Workflow at the same pace, also when a list finds it", async () => {
    const harness = new Harness();
    const asking = Array.from({ length: 1000 }, (_, index) =>
      trigger("a", `t-${index}`, {}, { [ANNOTATION.workflow]: "own" }),
    );
    await harness.list(asking, undefined);
    await harness.woken();
    for (const [plan, tell] of [
      ["asked-2", () => harness.follower.onDefinitions(SIGNAL)],
      ["asked-3", () => harness.list(asking, undefined)],
    ] as const) {
      harness.askedPlan = plan;
      await tell();
      await harness.pending.flush();
      const spread = harness.sent.splice(0);
      expect(spread.length).toBe(1000);
      expect(new Set(spread.map(({ workClass }) => workClass))).toEqual(new Set([3]));
      expect(spread.filter(({ afterMs = 0 }) => afterMs === 0).length).toBeLessThanOrEqual(201);
    }
  });

  it("of another kind wakes nobody", async () => {
    const harness = new Harness();
    await harness.list([trigger("a", "x")], undefined);
    await harness.woken();
    await harness.follower.onDefinitions(SIGNAL); // told of every edit; the plan of this kind is the same
    expect(await harness.woken()).toEqual([]);
  });
});

/** As the server and a run of ours left it. */
function lookedAt(name: string, generation: number, observedGeneration: number | undefined): JsonObject {
  const object = trigger("a", name);
  return {
    ...object,
    metadata: { ...(object["metadata"] as JsonObject), generation },
    ...(observedGeneration === undefined ? {} : { status: { observedGeneration } }),
  };
}

describe("a list of what was seen before", () => {
  it("wakes what was edited and edited back: its last run may have seen what was in between (invariant 1)", async () => {
    const harness = new Harness();
    await harness.seenBefore(trigger("a", "x"), trigger("a", "fresh"), trigger("a", "mute"));
    const objects = [lookedAt("x", 3, 2), lookedAt("fresh", 3, 3), lookedAt("mute", 3, undefined)];
    await harness.list(objects, undefined);
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} modified`]);
  });

  it("wakes it once, not with every list, where no run writes what it saw; again after a further edit", async () => {
    const harness = new Harness();
    await harness.seenBefore(trigger("a", "x"));
    await harness.list([lookedAt("x", 3, 2)], undefined);
    expect(await harness.woken()).toHaveLength(1);
    harness.follower.onEvent("modified", lookedAt("x", 3, 2));
    await harness.list([lookedAt("x", 3, 2)], undefined);
    expect(await harness.woken()).toEqual([]);
    await harness.list([lookedAt("x", 5, 2)], undefined);
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} modified`]);
  });

  it("does not wake again what an event has woken for the same edit", async () => {
    const harness = new Harness();
    await harness.seenBefore(trigger("a", "x"));
    await harness.list([lookedAt("x", 1, 1)], undefined);
    await harness.woken();
    const edited = { ...lookedAt("x", 2, 1), spec: { n: 2 } };
    harness.follower.onEvent("modified", edited);
    expect(await harness.woken()).toHaveLength(1);
    await harness.list([edited], undefined);
    expect(await harness.woken()).toEqual([]);
  });
});

describe("an edited plan", () => {
  it("counts as spread only once the queue has every wake-up", async () => {
    const harness = new Harness();
    await harness.seenBefore(trigger("a", "x"));
    await harness.list([trigger("a", "x")], undefined);
    await harness.woken();
    harness.isQueueDown = true;
    harness.plan = "plan-2";
    await harness.follower.onDefinitions(SIGNAL);
    await harness.pending.flush();
    expect(await harness.ledger.spreadPlan(KIND.slot)).toBe("plan-1");
    harness.isQueueDown = false;
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} definition`]);
    expect(await harness.ledger.spreadPlan(KIND.slot)).toBe("plan-2");
  });
});

describe("events", () => {
  it("wake for a changed spec, not for our own annotations or a status", async () => {
    const harness = new Harness();
    await harness.list([trigger("a", "x")], undefined);
    await harness.woken();
    harness.follower.onEvent("modified", {
      ...trigger("a", "x", {}, { [ANNOTATION.inventory]: "{}" }),
      status: { a: 1 },
    });
    expect(await harness.woken()).toEqual([]);
    harness.follower.onEvent("modified", trigger("a", "x", { n: 2 }));
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} modified`]);
  });

  it("in another API version of the kind wake nobody, nor does a list in it", async () => {
    const harness = new Harness();
    await harness.list([trigger("a", "x")], undefined);
    await harness.woken();
    const inAnother = { ...trigger("a", "x"), apiVersion: "e.test/v2" };
    harness.follower.onEvent("modified", inAnother);
    await harness.list([inAnother], undefined);
    expect(await harness.woken()).toEqual([]);
  });

  it("of triggers in other namespaces than ours wake nobody", async () => {
    const harness = new Harness(["a"]);
    await harness.list([trigger("a", "x"), trigger("foreign", "y")], undefined);
    harness.follower.onEvent("added", trigger("foreign", "z"));
    expect(await harness.woken()).toEqual([`${keyOf("a", "x")} added`]);
  });
});
