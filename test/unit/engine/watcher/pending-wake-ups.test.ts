/** Wake-ups while the queue is away: what is kept of them is bounded by the number of keys, not of changes. */
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryWatchLedger } from "../../../../src/adapters/memory/watch-ledger.ts";
import { formatKind, type KeyText } from "../../../../src/core/object-key.ts";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";
import type { WakeUp } from "../../../../src/engine/ports/reconcile-queue.ts";
import { PendingWakeUps } from "../../../../src/engine/watcher/pending-wake-ups.ts";
import { silentLog } from "../../../support/silent-log.ts";

const SLOT = formatKind({ cluster: "local", group: "e.test", kind: "T" });
const keyOf = (name: string) => `local/e.test/T/a/${name}` as KeyText;
const wakeUp = (name: string): WakeUp => ({
  key: keyOf(name),
  workClass: 1,
  cause: { reason: "modified", atMs: 1 },
});
const CHANGES = 50_000;
/** Of such a number, each kept and copied with the next one, the work took half a minute. */
const QUICK_MS = 2000;

describe("wake-ups that the queue cannot take", () => {
  let ledger: MemoryWatchLedger;
  let sent: WakeUp[];
  let isQueueDown: boolean;
  let pending: PendingWakeUps;

  beforeEach(() => {
    ledger = new MemoryWatchLedger();
    sent = [];
    isQueueDown = true;
    const queue = {
      enqueue: (wakeUps: readonly WakeUp[]) => {
        if (isQueueDown) return Promise.reject(new StoreUnavailable("down"));
        sent.push(...wakeUps);
        return Promise.resolve();
      },
    };
    pending = new PendingWakeUps({ queue, ledger, clock: new ManualClock(), log: silentLog }, () => "1");
  });

  it("keep of one trigger's many changes the last, and tell the ledger of that one", async () => {
    const beganMs = performance.now();
    for (let change = 1; change <= CHANGES; change += 1)
      pending.add(wakeUp("x"), { seen: { slot: SLOT, object: keyOf("x"), text: `text-${change}` } });
    expect(performance.now() - beganMs).toBeLessThan(QUICK_MS);
    expect(await pending.flush()).toBe(false);
    pending.add(wakeUp("x"), { seen: { slot: SLOT, object: keyOf("x"), text: "the last" } });
    isQueueDown = false;
    expect(await pending.flush()).toBe(true);
    expect(sent).toHaveLength(1);
    expect([...(await ledger.seen(SLOT))]).toEqual([[keyOf("x"), "the last"]]);
  });

  it("keep what different objects said of one key, a forgotten one too", async () => {
    await ledger.record(SLOT, new Map([[keyOf("y"), "old"]]));
    pending.add(wakeUp("x"), { seen: { slot: SLOT, object: keyOf("x"), text: "one" } });
    pending.add(wakeUp("x"), { seen: { slot: SLOT, object: keyOf("y"), text: null } });
    isQueueDown = false;
    await pending.flush();
    expect([...(await ledger.seen(SLOT))]).toEqual([[keyOf("x"), "one"]]);
  });

  it("tell once of a spread that was begun many times, and of each of several", async () => {
    const told: string[] = [];
    for (let edit = 1; edit <= CHANGES; edit += 1)
      pending.add(wakeUp("x"), { onSent: { name: "all", tell: () => told.push(`edit ${edit}`) } });
    pending.add(wakeUp("x"), { onSent: { name: "team-a", tell: () => told.push("of the namespace") } });
    isQueueDown = false;
    await pending.flush();
    expect(told).toEqual([`edit ${CHANGES}`, "of the namespace"]);
  });

  it("are sent in the order they came, however many", async () => {
    const beganMs = performance.now();
    for (let index = 0; index < CHANGES; index += 1) pending.add(wakeUp(`t-${index}`));
    isQueueDown = false;
    await pending.flush();
    expect(sent.map(({ key }) => key)).toEqual(Array.from({ length: CHANGES }, (_, index) => keyOf(`t-${index}`)));
    expect(performance.now() - beganMs).toBeLessThan(10 * QUICK_MS);
  });
});
