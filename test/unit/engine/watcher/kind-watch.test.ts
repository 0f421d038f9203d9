/** Where one slot is watched: what an outage, new namespaces and other rights change of it, and what they do not. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryObjectIndex } from "../../../../src/adapters/memory/object-index.ts";
import { MemoryWatchLedger } from "../../../../src/adapters/memory/watch-ledger.ts";
import { formatKind, type KeyText, type KindText } from "../../../../src/core/object-key.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import { ofWholeLists, type Informers, type StreamState } from "../../../../src/engine/ports/informer.ts";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";
import type { ObjectStore } from "../../../../src/engine/ports/object-store.ts";
import type { WakeUp } from "../../../../src/engine/ports/reconcile-queue.ts";
import type { WatchAccess } from "../../../../src/engine/ports/watch-access.ts";
import { KindWatch, type KindRole } from "../../../../src/engine/watcher/kind-watch.ts";
import { PendingWakeUps } from "../../../../src/engine/watcher/pending-wake-ups.ts";
import type { WatcherPorts } from "../../../../src/engine/watcher/watcher-ports.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { CONFIG_MAP } from "../../../contract/object-kinds.ts";

const SLOT = formatKind({ cluster: "local", group: "", kind: "ConfigMap" });
const TRIGGER = "local/e.test/T/team-a/t" as KeyText;
const CATALOG = compileCatalog([], { namespaces: [], checks: new Map() });
const configMap = (namespace: string) => `${SLOT}/${namespace}/x` as KeyText;

/** A watch that has not begun, on ports of which it needs these alone. */
function watchOn(role: KindRole, some: object): { readonly watch: KindWatch; readonly pending: PendingWakeUps } {
  const ports = { ...some, log: silentLog } as unknown as WatcherPorts;
  const pending = new PendingWakeUps(ports, () => "1");
  const options = {
    id: "w",
    triggerNamespaces: "all",
    homeNamespace: "defs",
    installation: "koreo",
    resyncIntervalMs: 1_000_000_000,
  } as const;
  const catalog = () => CATALOG;
  const isTriggerKind = () => true;
  const onListed = () => undefined;
  return {
    pending,
    watch: new KindWatch(role, { ports, options, pending, catalog, isTriggerKind, series: {}, onListed }),
  };
}

/** An index that counts its reads, and may be cut off. */
class CutIndex extends MemoryObjectIndex {
  isCut = false;
  reads = 0;

  override objectsOfKind(kind: KindText): Promise<readonly KeyText[]> {
    this.reads += 1;
    return this.isCut ? Promise.reject(new StoreUnavailable("cut")) : super.objectsOfKind(kind);
  }
}

describe("the watch on a kind", () => {
  const clock = new ManualClock();
  let index: CutIndex;
  let ledger: MemoryWatchLedger;
  let ended: AbortController;
  /** `begins NAMESPACE`, `ends NAMESPACE`. */
  let watches: string[];
  /** Namespaces our identity may watch; "all" for the whole cluster. */
  let rights: Set<string> | "all";
  /** Namespaces in the order the API server was asked about them. */
  let asked: string[];
  /** By namespace: says how its stream does. */
  const tell = new Map<string, (state: StreamState) => void>();

  const access: WatchAccess = {
    watchScopeFor: async (_type, namespaces) => {
      const places = rights;
      if (places === "all") return { kind: "ok", value: { kind: "cluster" } };
      const wanted = await namespaces();
      asked.push(...wanted);
      const allowed = wanted.filter((each) => places.has(each));
      const kind = allowed.length === 0 ? "none" : "namespaces";
      return { kind: "ok", value: { kind, namespaces: allowed, missing: "rights" } };
    },
  };
  const informers: Informers = {
    watch: async ({ namespace = "everywhere" }, handler, signal) => {
      watches.push(`begins ${namespace}`);
      await ofWholeLists(handler).onList([], "1");
      handler.onState({ kind: "live", lastHeardMs: clock.nowMs() });
      tell.set(namespace, (state) => handler.onState(state));
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      watches.push(`ends ${namespace}`);
    },
  };

  function started(): KindWatch {
    const store = { cluster: "local", resolve: () => Promise.resolve({ kind: "ok", value: CONFIG_MAP }) };
    const queue = { enqueue: () => Promise.resolve() };
    const ports = { index, ledger, store, access, informers, clock, queue };
    const managed = { slot: SLOT, group: "", kind: "ConfigMap", isTrigger: false, isManaged: true, version: undefined };
    const { watch } = watchOn(managed, ports);
    void watch.run(ended.signal);
    return watch;
  }
  const indexed = (...namespaces: string[]) =>
    index.add(namespaces.map((namespace) => ({ object: configMap(namespace), trigger: TRIGGER })));
  const unwatched = async () => Object.keys((await ledger.unwatched()).get(SLOT) ?? {});

  beforeEach(async () => {
    index = new CutIndex();
    ledger = new MemoryWatchLedger();
    ended = new AbortController();
    watches = [];
    asked = [];
    rights = new Set(["team-a", "team-b"]);
    await indexed("team-a", "team-b");
  });
  afterEach(() => ended.abort());

  it("goes on, and nothing is said to be unwatched, while the shared state does not answer", async () => {
    const watch = started();
    await clock.advance(29_000);
    expect(watches).toEqual(["begins team-a", "begins team-b"]);
    index.isCut = true;
    await clock.advance(3000);
    index.isCut = false;
    await clock.advance(60_000);
    expect(watches).toEqual(["begins team-a", "begins team-b"]);
    expect(await unwatched()).toEqual([]);
    expect(watch.stream(clock.nowMs()).streams).toBe(2);
  });

  it("says of a stream that is down and silent what is wrong, until it works again", async () => {
    const watch = started();
    await clock.advance(1000);
    const sinceMs = () => clock.nowMs() - 15_000;
    const fault = { kind: "unavailable", detail: "GET /x: no answer in time" } as const;
    tell.get("team-a")?.({ kind: "down", fault, lastHeardMs: clock.nowMs() });
    expect(watch.faults(sinceMs()), "a moment is none").toEqual([]);
    await clock.advance(16_000);
    expect(watch.faults(sinceMs())).toEqual(["watch on ConfigMap: GET /x: no answer in time"]);
    tell.get("team-a")?.({ kind: "live", lastHeardMs: clock.nowMs() });
    expect(watch.faults(sinceMs())).toEqual([]);
  });

  it("calls a kind that is served no more neither down nor silent: nothing of it is missed", async () => {
    const watch = started();
    await clock.advance(1000);
    const fault = { kind: "unknownKind", detail: "404 page not found" } as const;
    tell.get("team-a")?.({ kind: "down", fault, lastHeardMs: clock.nowMs() });
    await clock.advance(20_000);
    tell.get("team-b")?.({ kind: "live", lastHeardMs: clock.nowMs() });
    await clock.advance(5000);
    expect(watch.stream(clock.nowMs())).toMatchObject({ streams: 2, isLive: true, silentMs: 5000 });
  });

  it("begins once the shared state says where: before, nothing is listed and nobody may let go", async () => {
    index.isCut = true;
    const watch = started();
    await clock.advance(10_000);
    expect(watch.isListed).toBe(false);
    expect(await unwatched()).toEqual([]);
    index.isCut = false;
    await clock.advance(10_000);
    expect(watches).toEqual(["begins team-a", "begins team-b"]);
    expect(watch.isListed).toBe(true);
  });

  it("begins and ends a namespace by itself, and the others go on", async () => {
    const watch = started();
    await clock.advance(1000);
    rights = new Set(["team-a", "team-b", "team-c"]);
    await indexed("team-c");
    await clock.advance(30_000);
    expect(watches.splice(0)).toEqual(["begins team-a", "begins team-b", "begins team-c"]);
    await index.drop(TRIGGER, [configMap("team-b")], 1);
    await clock.advance(30_000);
    expect(watches).toEqual(["ends team-b"]);
    expect(watch.stream(clock.nowMs()).streams).toBe(2);
    ended.abort();
    await settled();
    expect([...watches].sort()).toEqual(["ends team-a", "ends team-b", "ends team-c"]);
  });

  it("says where it may not watch, also when that is new", async () => {
    started();
    await clock.advance(1000);
    expect(await unwatched()).toEqual([]);
    await indexed("team-c");
    await clock.advance(30_000);
    expect(await unwatched()).toEqual(["team-c"]);
    rights = new Set(["team-a", "team-b", "team-c"]);
    await clock.advance(30_000);
    expect(await unwatched()).toEqual([]);
  });

  it("goes over to the whole cluster once that is allowed, and back", async () => {
    started();
    await clock.advance(1000);
    rights = "all";
    await clock.advance(30_000);
    expect(watches.splice(0).sort()).toEqual([
      "begins everywhere",
      "begins team-a",
      "begins team-b",
      "ends team-a",
      "ends team-b",
    ]);
    rights = new Set(["team-b"]);
    await clock.advance(30_000);
    expect(watches.sort()).toEqual(["begins team-b", "ends everywhere"]);
    expect(await unwatched()).toEqual(["team-a"]);
  });

  it("reads no namespaces from the index while the whole cluster is allowed", async () => {
    rights = "all";
    started();
    await clock.advance(300_000);
    expect(watches).toEqual(["begins everywhere"]);
    expect(index.reads, "the first list alone is compared with it").toBe(1);
  });

  it("remembers for minutes what is allowed, and asks again about what is not", async () => {
    rights = new Set(["team-a"]);
    started();
    await clock.advance(119_000);
    expect(asked.filter((each) => each === "team-a")).toHaveLength(1);
    expect(asked.filter((each) => each === "team-b")).toHaveLength(4);
    await clock.advance(600_000);
    const again = asked.filter((each) => each === "team-a").length;
    expect(again).toBeGreaterThan(1);
    expect(again).toBeLessThan(6);
  });

  it("asks again at once about a namespace whose stream is refused", async () => {
    started();
    await clock.advance(1000);
    rights = new Set(["team-a"]);
    const fault = { kind: "forbidden", status: 403, detail: "no right" } as const;
    tell.get("team-b")?.({ kind: "down", fault, lastHeardMs: clock.nowMs() });
    await clock.advance(30_000);
    expect(watches).toEqual(["begins team-a", "begins team-b", "ends team-b"]);
    expect(await unwatched()).toEqual(["team-b"]);
  });
});

describe("the watch on a kind with several versions", () => {
  const WIDGET = { ...CONFIG_MAP, group: "e.test", kind: "Widget", plural: "widgets" };
  const WIDGETS = formatKind({ cluster: "local", group: "e.test", kind: "Widget" });
  const clock = new ManualClock();
  let ended: AbortController;
  /** The preferred one first. */
  let served: string[];
  /** `begins VERSION`, `ends VERSION`. */
  let watches: string[];
  let woken: WakeUp[];
  /** Ends the stream as a server does that serves the version no more. */
  let refuse: () => Promise<void>;

  const resolve: ObjectStore["resolve"] = ({ version }) => {
    const found = version === undefined ? served[0] : served.find((each) => each === version);
    if (found !== undefined) return Promise.resolve({ kind: "ok", value: { ...WIDGET, version: found } });
    return Promise.resolve({ kind: "fault", fault: { kind: "unknownKind", detail: "not served" } });
  };
  const informers: Informers = {
    watch: async ({ type: { version } }, handler, signal) => {
      watches.push(`begins ${version}`);
      const widget = {
        apiVersion: `e.test/${version}`,
        kind: "Widget",
        metadata: { namespace: "team-a", name: "w", uid: "w-uid" },
      };
      await ofWholeLists(handler).onList([widget], "1");
      refuse = async () => {
        await ofWholeLists(handler).onList([], "");
      };
      await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      watches.push(`ends ${version}`);
    },
  };

  async function start(): Promise<void> {
    const store = { cluster: "local", resolve };
    const queue = {
      enqueue: (wakeUps: readonly WakeUp[]) => {
        woken.push(...wakeUps);
        return Promise.resolve();
      },
    };
    const access = { watchScopeFor: () => Promise.resolve({ kind: "ok", value: { kind: "cluster" } }) };
    const [index, ledger] = [new MemoryObjectIndex(), new MemoryWatchLedger()];
    const widgets = { slot: WIDGETS, group: "e.test", kind: "Widget", isTrigger: true, isManaged: false };
    const role = { ...widgets, version: "v1beta1" };
    const { watch, pending } = watchOn(role, { index, ledger, store, access, informers, clock, queue });
    void pending.run(ended.signal);
    void watch.run(ended.signal);
    await clock.advance(1000);
  }
  const reasons = () => woken.splice(0).map(({ cause }) => cause.reason);

  beforeEach(() => {
    ended = new AbortController();
    served = ["v1", "v1beta1"];
    watches = [];
    woken = [];
  });
  afterEach(() => ended.abort());

  it("is on the version that is named", async () => {
    await start();
    expect(watches).toEqual(["begins v1beta1"]);
  });

  it("is on another one while that is not served, and goes back", async () => {
    served = ["v1"];
    await start();
    expect(watches).toEqual(["begins v1"]);
    served = ["v1", "v1beta1"];
    await clock.advance(31_000);
    expect(watches.slice(1)).toEqual(["ends v1", "begins v1beta1"]);
  });

  it("goes over to another one when its own is served no more, and nobody is woken for that", async () => {
    await start();
    expect(reasons()).toEqual(["added"]);
    served = ["v1"];
    await refuse();
    await clock.advance(1000);
    expect(watches).toEqual(["begins v1beta1", "ends v1beta1", "begins v1"]);
    expect(reasons()).toEqual([]);
  });

  it("takes the triggers for gone when no version is served", async () => {
    await start();
    reasons();
    served = [];
    await refuse();
    await clock.advance(1000);
    expect(reasons()).toEqual(["deleted"]);
    expect(watches, "which goes on").toEqual(["begins v1beta1"]);
  });
});
