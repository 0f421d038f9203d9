import { afterEach, describe, expect, it } from "vitest";
import type { ByteStream, ClusterClient } from "../../../../src/adapters/kubernetes/client.ts";
import type { KubernetesObjectStore } from "../../../../src/adapters/kubernetes/object-store.ts";
import { Reflector } from "../../../../src/adapters/kubernetes/reflector.ts";
import type { JsonObject } from "../../../../src/core/json.ts";
import type { StreamState, WatchHandler, WatchScope } from "../../../../src/engine/ports/informer.ts";
import type { ClusterFault } from "../../../../src/engine/ports/object-store.ts";
import { WIDGET } from "../../../contract/object-kinds.ts";
import { metadataText } from "../../../contract/object-store.ts";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";

const UNAVAILABLE: ClusterFault = { kind: "unavailable", detail: "connection refused" };
const UNKNOWN: ClusterFault = { kind: "unknownKind", detail: "404 page not found" };
const EXPIRED: ClusterFault = { kind: "expired", detail: "too old" };

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

/** A server whose answers are scripted, and a running watch on it. Times are those of the manual clock. */
class Stage {
  readonly clock = new ManualClock();
  /** `list`, `watch <resourceVersion>`, each with its time in ms. */
  readonly requests: string[] = [];
  readonly told: string[] = [];
  readonly states: StreamState[] = [];
  /** `opened KIND` and `silent KIND`, as metrics hear of streams. */
  readonly streams: string[] = [];
  listAnswer: ClusterFault | undefined;
  openAnswer: ClusterFault | undefined;
  objects: JsonObject[] = [];
  pages = 1;
  resourceVersion = "10";
  stream = new FakeStream();
  handlerFails = false;
  scope: Partial<WatchScope> = {};
  /** What the handler waits for before it takes an event. */
  hold: Promise<void> | undefined;

  readonly reflector = new Reflector({
    client: { open: (request, signal) => this.open(request, signal) },
    store: { list: (type, options, signal) => this.list(type, options, signal) },
    clock: this.clock,
    onStream: (kind, what) => void this.streams.push(`${what} ${kind}`),
  });

  start(scope: Partial<WatchScope> = {}, signal = stop.signal): Promise<void> {
    const handler: WatchHandler = {
      onList: (objects, resourceVersion) => void this.told.push(`list ${objects.length} @${resourceVersion}`),
      onEvent: async (type, object) => {
        await this.hold;
        if (this.handlerFails) throw new Error("a bug");
        this.told.push(`${type} ${metadataText(object, "name")}`);
      },
      onState: (state) => void this.states.push(state),
    };
    return this.reflector.watch({ type: WIDGET, metadataOnly: false, ...this.scope, ...scope }, handler, signal);
  }

  /** When it was listed, in ms. */
  lists(): readonly number[] {
    const lists = this.requests.filter((request) => request.startsWith("list"));
    return lists.map((request) => Number(request.split(" at ")[1]));
  }

  list: KubernetesObjectStore["list"] = (_type, options) => {
    this.note("list");
    if (this.listAnswer !== undefined) return Promise.resolve({ kind: "fault", fault: this.listAnswer });
    const page = Number(options.continueToken ?? "1");
    const more = page < this.pages ? { continueToken: String(page + 1) } : {};
    return Promise.resolve({
      kind: "ok",
      value: { items: this.objects, resourceVersion: this.resourceVersion, ...more },
    });
  };

  open: ClusterClient["open"] = (request) => {
    this.note(`watch ${request.query?.["resourceVersion"] ?? ""}`);
    if (this.openAnswer !== undefined) return Promise.resolve({ kind: "fault", fault: this.openAnswer });
    this.stream = new FakeStream();
    return Promise.resolve({ kind: "ok", value: this.stream });
  };

  get state(): string {
    const last = this.states.at(-1);
    return last === undefined ? "" : last.kind === "live" ? "live" : last.fault.kind;
  }

  private note(request: string): void {
    this.requests.push(`${request} at ${this.clock.nowMs()}`);
  }
}

/** A stream a test writes to. */
class FakeStream implements ByteStream {
  closed = false;
  private readonly queue: (Uint8Array | Error | undefined)[] = [];
  private wake: () => void = () => undefined;

  readonly chunks = {
    next: async (): Promise<IteratorResult<Uint8Array>> => {
      while (this.queue.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
      const next = this.queue.shift();
      if (next instanceof Error) throw next;
      return next === undefined ? { done: true, value: undefined } : { done: false, value: next };
    },
  };

  event(type: string, name: string, resourceVersion: string): void {
    this.line({ type, object: { metadata: { name, resourceVersion } } });
  }

  error(code: number): void {
    this.line({ type: "ERROR", object: { kind: "Status", code } });
  }

  line(value: unknown): void {
    this.push(Buffer.from(`${JSON.stringify(value)}\n`));
  }

  push(item: Uint8Array | Error | undefined): void {
    this.queue.push(item);
    this.wake();
  }

  close(): void {
    this.closed = true;
  }
}

async function started(change: (stage: Stage) => void = () => undefined): Promise<Stage> {
  const stage = new Stage();
  change(stage);
  void stage.start();
  await settled();
  return stage;
}

describe("Reflector", () => {
  it("lists all pages, then watches from the list's resourceVersion", async () => {
    const stage = await started((given) => {
      given.pages = 3;
      given.objects = [{ metadata: { name: "a", uid: "u" } }];
    });
    expect(stage.requests).toEqual(["list at 0", "list at 0", "list at 0", "watch 10 at 0"]);
    expect(stage.told).toEqual(["list 3 @10"]);
    expect(stage.state).toBe("live");
  });

  it("hands a list over part by part: of what arrived, only what the handler keeps of it is held", async () => {
    const stage = new Stage();
    stage.pages = 3;
    stage.objects = [{ metadata: { name: "a", uid: "u" } }];
    const handler: WatchHandler<string> = {
      digest: (objects) => {
        stage.requests.push(`digest ${objects.length}`);
        return Promise.resolve(objects.map((object) => metadataText(object, "name")));
      },
      onList: (names, resourceVersion) => void stage.told.push(`list ${names.join()} @${resourceVersion}`),
      onEvent: () => undefined,
      onState: () => undefined,
    };
    void stage.reflector.watch({ type: WIDGET, metadataOnly: false }, handler, stop.signal);
    await settled();
    const [list, digest] = ["list at 0", "digest 1"];
    expect(stage.requests).toEqual([list, digest, list, digest, list, digest, "watch 10 at 0"]);
    expect(stage.told).toEqual(["list a,a,a @10"]);
  });

  it("goes on at once when the server ends a stream in good order, from the last bookmark or event", async () => {
    const stage = await started();
    stage.stream.event("ADDED", "a", "11");
    stage.stream.event("BOOKMARK", "", "20");
    await stage.clock.advance(300_000 - 160_000);
    stage.stream.push(undefined);
    await settled();
    expect(stage.told).toEqual(["list 0 @10", "added a"]);
    expect(stage.requests.slice(1)).toEqual(["watch 10 at 0", "watch 20 at 140000"]);
  });

  it("resumes a cut stream without a list, soon at first, then ever later, and quickly again after progress", async () => {
    const stage = await started();
    stage.stream.event("ADDED", "a", "11");
    await settled();
    stage.openAnswer = UNAVAILABLE;
    stage.stream.push(new Error("socket hang up"));
    await stage.clock.advance(60_000);
    const times = stage.requests.slice(2).map((request) => Number(request.split(" at ")[1]));
    expect(stage.requests.slice(1).every((request) => request.startsWith("watch 1"))).toBe(true);
    expect(times.slice(0, 4)).toEqual([150, 450, 1050, 2250]); // 200, 400, 800, 1600 ms, times 0.75 by the clock's chance
    expect(Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))).toBe(3750);
    expect(stage.state).toBe("unavailable");

    stage.openAnswer = undefined;
    await stage.clock.advance(3750);
    stage.stream.event("ADDED", "b", "12");
    await settled();
    expect(stage.state).toBe("live");
    const before = stage.clock.nowMs();
    stage.stream.push(new Error("socket hang up"));
    await stage.clock.advance(200);
    expect(stage.requests.at(-1)).toBe(`watch 12 at ${before + 150}`);
  });

  it("lists again when its place is forgotten, but after the first list and one more only every 30 s", async () => {
    const stage = await started((given) => (given.openAnswer = EXPIRED));
    await stage.clock.advance(120_000);
    const lists = stage.lists();
    expect(lists.length).toBeLessThanOrEqual(5);
    expect(lists[1]).toBeLessThan(1000);
    for (const [index, time] of lists.slice(2).entries())
      expect(time - (lists[index + 1] ?? 0)).toBeGreaterThanOrEqual(30_000);
  });

  it("saves up no second list: after a quiet hour too there is one in 30 s", async () => {
    const stage = await started();
    await stage.clock.advance(3_600_000);
    const before = stage.lists().length;
    stage.openAnswer = EXPIRED;
    stage.stream.push(new Error("cut"));
    await stage.clock.advance(29_000);
    expect(stage.lists().length - before).toBe(1);
  });

  it("holds lists back across the watches of a series, begun one after another, and not across others", async () => {
    const stage = new Stage();
    const flap = async (series: object) => {
      for (let turn = 0; turn < 4; turn += 1) {
        const ended = new AbortController();
        void stage.start({ series }, ended.signal);
        await stage.clock.advance(1000);
        ended.abort();
        stage.stream.push(new Error("aborted"));
        await settled();
      }
    };
    const series = {};
    await flap(series);
    expect(stage.lists()).toHaveLength(2);
    await flap({});
    expect(stage.lists()).toHaveLength(4);
    await stage.clock.advance(30_000);
    await flap(series);
    expect(stage.lists()).toHaveLength(5);
  });

  it("finds a silent stream after 150 s and resumes it; one that never says anything costs a list", async () => {
    const stage = await started();
    stage.stream.event("BOOKMARK", "", "11");
    await stage.clock.advance(150_000);
    expect(stage.states.filter((state) => state.kind === "down").map((state) => state.fault.detail)).toEqual([
      "the watch was silent for 150 s",
    ]);
    await stage.clock.advance(1000);
    expect(stage.requests.at(-1)).toBe("watch 11 at 150150");
    expect(stage.requests.filter((request) => request.startsWith("list"))).toHaveLength(1);
    await stage.clock.advance(151_000);
    expect(stage.requests.filter((request) => request.startsWith("list"))).toHaveLength(2);
  });

  it("counts the streams of a server that opens each and sends no byte: the watch looks live nearly all the time", async () => {
    const stage = await started();
    let [liveSeconds, longestSilenceMs] = [0, 0];
    for (let second = 0; second < 900; second += 1) {
      await stage.clock.advance(1000);
      const state = stage.states.at(-1);
      if (state?.kind === "live") liveSeconds += 1;
      longestSilenceMs = Math.max(longestSilenceMs, stage.clock.nowMs() - (state?.lastHeardMs ?? 0));
    }
    expect(liveSeconds).toBeGreaterThan(880);
    expect(longestSilenceMs).toBeLessThan(152_000);
    const silent = stage.streams.filter((each) => each === "silent Widget.contract.koreo.test");
    expect(silent.length).toBe(5); // one in 150 s: at least one in any 5 minutes
    expect(stage.streams[0]).toBe("opened Widget.contract.koreo.test");
    expect(stage.lists()).toHaveLength(3);
  });

  it("counts no stream as silent that a server ends, a network cuts, or that brings a bookmark a minute", async () => {
    const stage = await started();
    stage.stream.push(undefined);
    await stage.clock.advance(1000);
    stage.stream.push(new Error("socket hang up"));
    for (let minute = 0; minute < 10; minute += 1) {
      await stage.clock.advance(60_000);
      stage.stream.event("BOOKMARK", "", String(11 + minute));
    }
    expect(new Set(stage.streams)).toEqual(new Set(["opened Widget.contract.koreo.test"]));
  });

  it("does not call a stream silent while a handler is slow", async () => {
    let release = (): void => undefined;
    const stage = await started((given) => {
      given.hold = new Promise((resolve) => (release = resolve));
    });
    stage.stream.event("ADDED", "a", "11");
    await stage.clock.advance(500_000);
    expect(stage.state).toBe("live");
    release();
    await stage.clock.advance(149_000);
    expect(stage.told).toEqual(["list 0 @10", "added a"]);
    expect(stage.requests).toEqual(["list at 0", "watch 10 at 0"]);
  });

  it("gives its place up after two ERROR events in a row, not after one", async () => {
    const stage = await started();
    stage.stream.error(500);
    await stage.clock.advance(500);
    expect(stage.requests).toEqual(["list at 0", "watch 10 at 0", "watch 10 at 150"]);
    stage.stream.error(500);
    await stage.clock.advance(5000);
    expect(stage.requests.slice(3)[0]).toMatch(/^list/);
  });

  it("counts a stream that ends as it begins as a failure", async () => {
    const stage = await started();
    for (let turn = 0; turn < 3; turn += 1) {
      stage.stream.push(undefined);
      await stage.clock.advance(turn === 0 ? 150 : turn === 1 ? 300 : 600);
    }
    expect(stage.requests.slice(1)).toEqual([
      "watch 10 at 0",
      "watch 10 at 150",
      "watch 10 at 450",
      "watch 10 at 1050",
    ]);
  });

  it("tells of a kind that is not served as an empty list, once, and asks every 2 s", async () => {
    const stage = await started((given) => (given.listAnswer = UNKNOWN));
    await stage.clock.advance(8000);
    expect(stage.told).toEqual(["list 0 @"]);
    expect(stage.requests).toEqual(["list at 0", "list at 2000", "list at 4000", "list at 6000", "list at 8000"]);
    expect(stage.state).toBe("unknownKind");
    stage.listAnswer = undefined;
    await stage.clock.advance(2000);
    expect(stage.told).toEqual(["list 0 @", "list 0 @10"]);
    expect(stage.state).toBe("live");
  });

  it("believes that a kind is gone only when it hears it twice", async () => {
    const stage = await started();
    stage.listAnswer = UNKNOWN;
    stage.openAnswer = UNKNOWN;
    stage.stream.push(new Error("cut"));
    await stage.clock.advance(200);
    expect(stage.told).toEqual(["list 0 @10"]);
    await stage.clock.advance(2000);
    expect(stage.told).toEqual(["list 0 @10", "list 0 @"]);
    await stage.clock.advance(10_000);
    expect(stage.told).toHaveLength(2);
  });

  it("waits as long as a throttling server asks", async () => {
    const stage = await started(
      (given) => (given.listAnswer = { kind: "throttled", afterSeconds: 7, detail: "slow down" }),
    );
    await stage.clock.advance(7000);
    expect(stage.requests).toEqual(["list at 0", "list at 7000"]);
  });

  it("lists again when a handler threw: an event was lost", async () => {
    const stage = await started();
    stage.handlerFails = true;
    stage.stream.event("ADDED", "a", "11");
    await settled();
    expect(stage.states.at(-1)).toMatchObject({ kind: "down", fault: { detail: "a watch handler failed: a bug" } });
    await stage.clock.advance(1000);
    expect(stage.requests[2]).toMatch(/^list/);
  });

  it("closes its stream and ends when told to", async () => {
    const stage = new Stage();
    const run = stage.start();
    await settled();
    const { stream } = stage;
    stop.abort();
    stream.push(new Error("aborted"));
    await run;
    expect(stream.closed).toBe(true);
    expect(stage.state).toBe("live");
  });
});
