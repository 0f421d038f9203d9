/** A loss of the shared state is told once, and never forgotten for a fault in between. */
import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";
import type { MembershipView } from "../../../../src/engine/ports/membership.ts";
import { Heartbeat } from "../../../../src/engine/watcher/heartbeat.ts";
import type { WatcherPorts } from "../../../../src/engine/watcher/watcher-ports.ts";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";
import { silentLog } from "../../../support/silent-log.ts";

const FIRST: MembershipView = { watchers: ["w"], epoch: "1", serverRun: "a" };

function start(views: readonly (MembershipView | "down")[], indexAnswers: readonly boolean[] = []) {
  const clock = new ManualClock();
  let [beats, asked] = [0, 0];
  const cluster = { canReach: true, others: [] as readonly string[] };
  const left: string[] = [];
  const ports = {
    clock,
    log: silentLog,
    canReach: () => cluster.canReach,
    membership: {
      overview: () =>
        Promise.resolve({
          watchers: ["w", ...cluster.others].map((id) => ({ id, remainingMs: 5000 })),
          owners: new Map(),
        }),
      heartbeat: () => {
        const view = views[Math.min(beats++, views.length - 1)];
        return view === "down" ? Promise.reject(new StoreUnavailable("down")) : Promise.resolve(view);
      },
      leave: (id: string) => {
        left.push(id);
        return Promise.resolve();
      },
    },
    index: {
      kinds: () =>
        indexAnswers[asked++] === false ? Promise.reject(new StoreUnavailable("down")) : Promise.resolve([]),
    },
  } as unknown as WatcherPorts;
  const heartbeat = new Heartbeat(ports, "w");
  const ended = new AbortController();
  void heartbeat.run(ended.signal);
  return { clock, heartbeat, cluster, left, beats: () => beats, stop: () => ended.abort() };
}

describe("a heartbeat", () => {
  it.each([
    { name: "lost data is a loss", second: { ...FIRST, epoch: "2" }, loss: "its data is gone" },
    { name: "another server is one too", second: { ...FIRST, serverRun: "b" }, loss: "another server answers" },
    { name: "the same store is none", second: FIRST, loss: undefined },
  ])("$name", async ({ second, loss }) => {
    const { clock, heartbeat, stop } = start([FIRST, second]);
    await clock.advance(1);
    expect(heartbeat.takeView().loss).toBeUndefined();
    await clock.advance(2000);
    expect(heartbeat.takeView().loss).toBe(loss);
    expect(heartbeat.takeView().loss).toBeUndefined(); // told once
    stop();
  });

  it("keeps a loss that was noticed in a beat which then failed", async () => {
    const { clock, heartbeat, stop } = start([FIRST, { ...FIRST, epoch: "2" }], [true, false]);
    await clock.advance(1);
    await clock.advance(10_000);
    expect(heartbeat.takeView().loss).toBe("its data is gone");
    stop();
  });

  it("says since when nobody answers, and goes on by itself", async () => {
    const { clock, heartbeat, stop } = start([FIRST, "down", "down", FIRST]);
    await clock.advance(1);
    const answered = heartbeat.answeredMs;
    await clock.advance(2400);
    expect(heartbeat.answeredMs).toBe(answered);
    await clock.advance(1000);
    expect(heartbeat.answeredMs).toBeGreaterThan(answered);
    stop();
  });

  it("of one that cannot reach its cluster ends, where others live, and goes on once it can", async () => {
    const { clock, heartbeat, cluster, left, beats, stop } = start([{ ...FIRST, watchers: ["v", "w"] }]);
    cluster.others = ["v"];
    await clock.advance(1);
    cluster.canReach = false;
    await clock.advance(8000);
    expect([heartbeat.isAway, left], "a server that restarts").toEqual([false, []]);
    await clock.advance(6000);
    const beaten = beats();
    expect([heartbeat.isAway, left.length > 0, new Set(left)]).toEqual([true, true, new Set(["w"])]);
    await clock.advance(10_000);
    expect(beats()).toBe(beaten);
    expect(heartbeat.answeredMs, "the shared state does answer").toBeGreaterThan(clock.nowMs() - 3000);
    cluster.canReach = true;
    await clock.advance(2000);
    expect([heartbeat.isAway, beats()]).toEqual([false, beaten + 1]);
    expect(heartbeat.returnedMs).toBeGreaterThan(clock.nowMs() - 3000);
    stop();
  });

  it("of one that is away begins again when the others have died: somebody has to serve", async () => {
    const { clock, heartbeat, cluster, beats, stop } = start([{ ...FIRST, watchers: ["v", "w"] }, FIRST]);
    cluster.others = ["v"];
    cluster.canReach = false;
    await clock.advance(20_000);
    expect(heartbeat.isAway).toBe(true);
    const beaten = beats();
    cluster.others = [];
    await clock.advance(4000);
    expect(heartbeat.isAway).toBe(false);
    expect(beats()).toBeGreaterThan(beaten);
    stop();
  });

  it("of one that is alone goes on, whatever it reaches", async () => {
    const { clock, heartbeat, cluster, left, stop } = start([FIRST]);
    cluster.canReach = false;
    await clock.advance(30_000);
    expect([heartbeat.isAway, left]).toEqual([false, []]);
    stop();
  });
});
