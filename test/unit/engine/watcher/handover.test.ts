/** Slots pass from watcher to watcher: the one they are assigned to says so until everybody knows. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDefinitionRegistry } from "../../../../src/adapters/memory/definition-registry.ts";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryMembership } from "../../../../src/adapters/memory/membership.ts";
import { MemoryObjectIndex } from "../../../../src/adapters/memory/object-index.ts";
import { MemoryCluster } from "../../../../src/adapters/memory/object-store.ts";
import { MemoryWatchLedger } from "../../../../src/adapters/memory/watch-ledger.ts";
import { textMember, type JsonObject } from "../../../../src/core/json.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { type KindText } from "../../../../src/core/object-key.ts";
import { assignSlots } from "../../../../src/core/slot.ts";
import { DefinitionCache } from "../../../../src/engine/definitions.ts";
import { definitionsSlot } from "../../../../src/engine/watcher/definition-follower.ts";
import { Watcher } from "../../../../src/engine/watcher/watcher.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { flow, keeps, KINDS, REQUEST } from "../worker-bench.ts";

const TTL_MS = 60_000;
const [ONE, TWO] = ["watcher-one", "watcher-two"];

describe("two watchers", () => {
  let clock: ManualClock;
  let membership: MemoryMembership;
  let ended: AbortController;
  let cluster: MemoryCluster;
  let index: MemoryObjectIndex;
  let isInReach: boolean;
  let start: (id: string) => Watcher;

  beforeEach(async () => {
    clock = new ManualClock();
    isInReach = true;
    membership = new MemoryMembership(clock);
    ended = new AbortController();
    cluster = new MemoryCluster({ clock, types: KINDS });
    index = new MemoryObjectIndex();
    const state = { index, ledger: new MemoryWatchLedger() };
    const registry = new MemoryDefinitionRegistry();
    const ports = { store: cluster, informers: cluster, registry, clock, log: silentLog };
    for (const { value } of readYaml(flow("keep") + keeps("keep")).documents) {
      const object = value as JsonObject;
      const type = KINDS.find(({ kind }) => kind === object["kind"]);
      if (type === undefined) throw new Error("no such kind");
      const made = await cluster.create(
        { type, namespace: "defs", name: textMember(object["metadata"], "name") },
        object,
        ended.signal,
      );
      if (made.kind === "fault") throw new Error(made.fault.detail);
    }
    const definitions = new DefinitionCache(ports, { namespaces: ["defs"], checks: new Map() });
    void definitions.run(ended.signal);
    const queue = { enqueue: () => Promise.resolve() };
    const access = { watchScopeFor: () => Promise.resolve({ kind: "ok", value: { kind: "cluster" } } as const) };
    start = (id) => {
      const options = {
        id,
        triggerNamespaces: "all",
        homeNamespace: "defs",
        installation: "koreo",
        resyncIntervalMs: 60_000,
      } as const;
      const watcher = new Watcher(
        { ...ports, ...state, membership, queue, access, canReach: () => isInReach },
        definitions,
        options,
      );
      void watcher.run(ended.signal);
      return watcher;
    };
  });
  afterEach(() => ended.abort());

  it("share the slots, each is served by one, and the record says by whom", async () => {
    const watchers = [start(ONE), start(TWO)];
    await clock.advance(10_000);
    const served = watchers.flatMap((watcher) => watcher.slots());
    expect(served.length).toBeGreaterThan(1);
    expect(new Set(served).size).toBe(served.length);
    const owners = await membership.owners(served);
    for (const [index, watcher] of watchers.entries())
      for (const slot of watcher.slots()) expect(owners.get(slot)).toBe([ONE, TWO][index]);
  });

  it("a claim that comes late, from one that does not know the other yet, is claimed back", async () => {
    await membership.heartbeat(ONE, TTL_MS);
    const two = start(TWO);
    await clock.advance(5000);
    const slots = [...two.slots()];
    expect(slots.length, "of all slots some are assigned to it").toBeGreaterThan(0);
    await membership.claim(ONE, slots, "1");
    await clock.advance(3000);
    expect([...(await membership.owners(slots)).values()]).toEqual(slots.map(() => TWO));
  });

  it("a slot that is assigned to another is let go once that one has claimed it, and not claimed again", async () => {
    const one = start(ONE);
    await clock.advance(5000);
    const slots: readonly KindText[] = one.slots();
    await membership.heartbeat(TWO, TTL_MS);
    const moved = slots.filter(
      (slot) => assignSlots([...slots, definitionsSlot("local")], [ONE, TWO]).get(slot) === TWO,
    );
    await clock.advance(3000); // it has heard of the other
    expect(one.slots(), "kept until the other has listed").toEqual(slots);
    await membership.claim(TWO, moved, "1");
    await clock.advance(3000);
    expect(one.slots()).toEqual(slots.filter((slot) => !moved.includes(slot)));
    expect([...(await membership.owners(moved)).values()]).toEqual(moved.map(() => TWO));
  });

  it("say that the index is whole once every kind of triggers was listed", async () => {
    start(ONE);
    start(TWO);
    expect(await index.isWhole()).toBe(false);
    await clock.advance(5000);
    expect(await index.isWhole()).toBe(true);
  });

  it("say so after two minutes where triggers cannot be listed, of which those count in which anything can be", async () => {
    cluster.unregister(REQUEST);
    isInReach = false;
    start(ONE);
    await clock.advance(300_000);
    isInReach = true;
    await clock.advance(115_000);
    expect(await index.isWhole()).toBe(false);
    await clock.advance(10_000);
    expect(await index.isWhole()).toBe(true);
  });

  it("say so again to another server, which may not have heard it", async () => {
    start(ONE);
    await clock.advance(5000);
    const said: string[] = [];
    index.sayWhole = (epoch = "") => Promise.resolve(void said.push(epoch));
    await clock.advance(10_000);
    expect(said).toEqual([]);
    membership.failOver();
    await clock.advance(5000);
    expect(said).toEqual(["1"]);
  });
});
