/** The checker of histories finds what it is there for: each bad history breaks one law, each good one none. */
import { describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import { checkHistory, lateWrites } from "./check-history.ts";
import type { HistoryEvent } from "./history.ts";

const KEY = "local/t/Request/apps/a" as KeyText;
const OBJECT = "local/_/ConfigMap/apps/a" as KeyText;
const OTHER = "local/t/Request/apps/b" as KeyText;

const enqueue = (atMs: number, dueMs = atMs, key = KEY): HistoryEvent => ({ kind: "enqueue", key, atMs, dueMs });
const take = (run: number, atMs: number, key = KEY): HistoryEvent => ({ kind: "take", run, key, atMs, leaseMs: 10 });
const renew = (run: number, atMs: number): HistoryEvent => ({ kind: "renew", run, atMs, leaseMs: 10 });
const lost = (run: number, atMs: number): HistoryEvent => ({ kind: "lost", run, atMs });
const done = (run: number, atMs: number): HistoryEvent => ({ kind: "done", run, state: "idle", atMs });
const write = (run: number, verb: string, object = OBJECT): HistoryEvent => ({
  kind: "write",
  run,
  by: "worker",
  verb,
  object,
  resourceVersion: "1",
  atMs: 0,
});
const wipe: HistoryEvent = { kind: "wipe", atMs: 5 };

interface Case {
  readonly name: string;
  readonly events: readonly HistoryEvent[];
  readonly laws: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "a wish that a run follows", events: [enqueue(1), take(1, 2), done(1, 3)], laws: [] },
  { name: "a wish that nobody answers", events: [enqueue(1)], laws: ["lost wish"] },
  {
    name: "a wish during a run, and no run after it",
    events: [enqueue(1), take(1, 2), enqueue(3), done(1, 4)],
    laws: ["lost wish"],
  },
  { name: "the run of another key", events: [enqueue(1), take(1, 2, OTHER), done(1, 3)], laws: ["lost wish"] },
  { name: "a wish for later than the end", events: [enqueue(1, 1000)], laws: [] },
  { name: "a wish that was due", events: [take(1, 1), done(1, 2), enqueue(2, 50)], laws: ["lost wish"] },
  { name: "a wish that went down with the store", events: [enqueue(1), wipe], laws: [] },
  { name: "a wish after the store was lost", events: [wipe, enqueue(6)], laws: ["lost wish"] },
  { name: "a take after the end of the run before", events: [take(1, 1), done(1, 2), take(2, 3)], laws: [] },
  { name: "a take while the lease lives", events: [take(1, 1), take(2, 5)], laws: ["two leases"] },
  { name: "a take of another key", events: [take(1, 1), take(2, 5, OTHER)], laws: [] },
  { name: "a take after the lease ran out", events: [take(1, 1), take(2, 11)], laws: [] },
  { name: "a take while a renewed lease lives", events: [take(1, 1), renew(1, 9), take(2, 12)], laws: ["two leases"] },
  { name: "a take after the store said that it is lost", events: [take(1, 1), lost(1, 3), take(2, 4)], laws: [] },
  { name: "a take from an emptied store", events: [take(1, 1), wipe, take(2, 6)], laws: [] },
  {
    name: "writes in the order of their runs",
    events: [take(1, 1), write(1, "patch"), take(2, 20), write(2, "patch")],
    laws: [],
  },
  {
    name: "a patch of a superseded run after the newer one wrote",
    events: [take(1, 1), take(2, 20), write(2, "patch"), write(1, "patch")],
    laws: ["superseded write"],
  },
  {
    name: "a status of a superseded run after the newer one wrote",
    events: [take(1, 1), take(2, 20), write(2, "patchStatus"), write(1, "patchStatus")],
    laws: ["superseded write"],
  },
  {
    name: "a delete of a superseded run after the newer one wrote",
    events: [take(1, 1), take(2, 20), write(2, "create"), write(1, "delete")],
    laws: ["superseded write"],
  },
  {
    name: "a patch of a superseded run before the newer one wrote",
    events: [take(1, 1), take(2, 20), write(1, "patch"), write(2, "patch")],
    laws: [],
  },
  {
    name: "a create that slipped in",
    events: [take(1, 1), take(2, 20), write(2, "delete"), write(1, "create")],
    laws: [],
  },
  {
    name: "writes of two runs on different objects",
    events: [take(1, 1), take(2, 20), write(2, "patch"), write(1, "patch", OTHER)],
    laws: [],
  },
  {
    name: "writes of runs of different keys",
    events: [take(1, 1), take(2, 2, OTHER), write(2, "patch"), write(1, "patch")],
    laws: [],
  },
];

describe("the checker of histories", () => {
  it.each(CASES)("judges $name", ({ events, laws }) => {
    expect(checkHistory(events, 100).map(({ law }) => law)).toEqual(laws);
  });

  it("knows the writes that came when a newer run had begun", () => {
    const events = [take(1, 1), write(1, "create"), take(2, 20), write(1, "patch"), write(2, "patch")];
    expect(lateWrites(events)).toEqual([events[3]]);
  });
});
