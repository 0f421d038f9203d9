/** The definitions of a process: kept by watches, brought up to date before a run, given up on when they cannot be read. */
import { describe, expect, it } from "vitest";
import { MemoryDefinitionRegistry } from "../../../src/adapters/memory/definition-registry.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { DefinitionCache, definitionHashes } from "../../../src/engine/definitions.ts";
import { ofWholeLists, type WatchHandler } from "../../../src/engine/ports/informer.ts";
import type { ClusterFault, ObjectStore } from "../../../src/engine/ports/object-store.ts";
import { ManualClock, settled } from "../../../src/adapters/memory/manual-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

const SIGNAL = new AbortController().signal;

function valueFunction(name: string, out: string, version: number, generation = version): JsonObject {
  const metadata = { namespace: "defs", name, uid: `u-${name}`, resourceVersion: String(version), generation };
  return { apiVersion: "koreo.dev/v1beta1", kind: "ValueFunction", metadata, spec: { return: { out } } };
}

/** A cache whose watches a test plays, and whose lists answer what it says. */
function harness() {
  const clock = new ManualClock();
  const registry = new MemoryDefinitionRegistry();
  const handlers = new Map<string, WatchHandler>();
  const lists: { items: readonly JsonObject[]; version: string; refusal: ClusterFault | undefined } = {
    items: [],
    version: "1",
    refusal: undefined,
  };
  const store = {
    list: ({ kind }: { kind: string }) =>
      Promise.resolve(
        lists.refusal !== undefined
          ? { kind: "fault", fault: lists.refusal }
          : {
              kind: "ok",
              value: { items: kind === "ValueFunction" ? lists.items : [], resourceVersion: lists.version },
            },
      ),
  } as unknown as ObjectStore;
  const informers = {
    watch: <Kept>({ type }: { type: { kind: string } }, handler: WatchHandler<Kept>) => {
      handlers.set(type.kind, ofWholeLists(handler));
      return new Promise<void>(() => undefined);
    },
  };
  const cache = new DefinitionCache(
    { informers, store, registry, clock, log: silentLog },
    { namespaces: ["defs"], checks: new Map() },
  );
  void cache.run(SIGNAL);
  const listed = (kind: string, objects: readonly JsonObject[], version: string) =>
    handlers.get(kind)?.onList(objects, version);
  const listAll = async (objects: readonly JsonObject[], version: string) => {
    for (const kind of handlers.keys()) await listed(kind, kind === "ValueFunction" ? objects : [], version);
  };
  const contentOf = (name: string) => cache.catalog().entry("ValueFunction", "defs", name)?.contentHash;
  return { clock, registry, cache, lists, handlers, listAll, listed, contentOf };
}

describe("definitions", () => {
  it("are ready once every kind was listed, a kind that is not served included", async () => {
    const { cache, listed, handlers } = harness();
    expect(cache.isReady).toBe(false);
    for (const kind of handlers.keys()) await listed(kind, [], "");
    expect(cache.isReady).toBe(true);
  });

  it("a run that is behind reads them itself when the watch is slow", async () => {
    const { clock, registry, cache, lists, listAll, contentOf } = harness();
    await listAll([valueFunction("f", "old", 1)], "1");
    const old = contentOf("f");
    await registry.record(definitionHashes(cache.catalog()));
    lists.items = [valueFunction("f", "new", 2)];
    lists.version = "2";
    const version = await registry.record(new Map([["ValueFunction/defs/f", "another"]]));
    const caughtUp = cache.catchUp(version, SIGNAL);
    await clock.advance(400);
    await caughtUp;
    expect(contentOf("f")).not.toBe(old);
  });

  it("an event older than a list that was read meanwhile does not bring the old one back", async () => {
    const { listAll, handlers, contentOf } = harness();
    await listAll([valueFunction("f", "new", 5)], "5");
    const newest = contentOf("f");
    await handlers.get("ValueFunction")?.onEvent("modified", valueFunction("f", "old", 3));
    expect(contentOf("f")).toBe(newest);
  });

  it("a list whose version went back is taken: etcd was restored", async () => {
    const { listAll, handlers, contentOf } = harness();
    await listAll([valueFunction("f", "lost", 900)], "900");
    const lost = contentOf("f");
    await listAll([valueFunction("f", "restored", 100)], "100");
    expect(contentOf("f")).not.toBe(lost);
    const restored = contentOf("f");
    await handlers.get("ValueFunction")?.onEvent("modified", valueFunction("f", "edited", 101));
    expect(contentOf("f")).not.toBe(restored);
  });

  it.each(["notFound", "unknownKind"] as const)("one answer of %s does not take them away", async (kind) => {
    const { clock, registry, cache, lists, listAll, listed, contentOf } = harness();
    await listAll([valueFunction("f", "kept", 1), valueFunction("g", "kept", 2)], "5");
    lists.refusal = { kind, detail: "404 page not found" };
    const version = await registry.record(new Map([["ValueFunction/defs/f", "another"]]));
    let isCaughtUp = false;
    const caughtUp = cache.catchUp(version, SIGNAL).then(() => (isCaughtUp = true));
    await clock.advance(2000);
    expect([cache.catalog().entries.length, isCaughtUp]).toEqual([2, false]);

    // The edit comes by the watch: nothing of the others is missing then.
    lists.refusal = undefined;
    lists.items = [valueFunction("f", "edited", 7), valueFunction("g", "kept", 2)];
    lists.version = "7";
    await clock.advance(3000);
    await caughtUp;
    expect([contentOf("f") === undefined, contentOf("g") === undefined]).toEqual([false, false]);

    // Once the watch says that the kind is gone, it is.
    lists.refusal = { kind, detail: "404 page not found" };
    const next = await registry.record(new Map([["ValueFunction/defs/f", "gone"]]));
    const after = cache.catchUp(next, SIGNAL);
    await clock.advance(1000);
    await listed("ValueFunction", [], "");
    await clock.advance(3000);
    await after;
    expect(cache.catalog().entries).toEqual([]);
  });

  it("a run does not wait for ever for definitions that cannot be read", async () => {
    const { clock, registry, cache, lists, listAll } = harness();
    await listAll([], "1");
    lists.refusal = { kind: "forbidden", detail: "no right", status: 403 };
    const version = await registry.record(new Map([["ValueFunction/defs/f", "another"]]));
    const caughtUp = cache.catchUp(version, SIGNAL).then(
      () => "caught up",
      (error: unknown) => String(error),
    );
    await clock.advance(15_000);
    await settled();
    expect(await caughtUp).toMatch(/StoreUnavailable: the definitions cannot be read/);
  });
});
