/**
 * Judges a history by what is promised of keys: every wish is followed by a run that starts after it; no two live leases of
 * one key; once a newer run has written an object, no patch, status or delete of an older run of that key on it is accepted.
 */
import type { KeyText } from "../../src/core/object-key.ts";
import type { HistoryEvent, WriteEvent } from "./history.ts";

export interface Violation {
  readonly law: "lost wish" | "two leases" | "superseded write";
  readonly message: string;
}

interface Lease {
  readonly run: number;
  untilMs: number;
  isOver: boolean;
}

/** @param endMs - when the simulation ended: wishes due later need no run yet */
export function checkHistory(events: readonly HistoryEvent[], endMs: number): readonly Violation[] {
  return [...lostWishes(events, endMs), ...doubleLeases(events), ...supersededWrites(events)];
}

/** A wish that went down with the store is not its own: the intent behind it is judged by the objects at the end. */
function lostWishes(events: readonly HistoryEvent[], endMs: number): readonly Violation[] {
  const open = new Map<KeyText, number>();
  for (const event of events) {
    if (event.kind === "enqueue" && event.dueMs <= endMs) open.set(event.key, event.atMs);
    else if (event.kind === "take") open.delete(event.key);
    else if (event.kind === "wipe") open.clear();
  }
  return [...open].map(([key, atMs]) => ({
    law: "lost wish",
    message: `${key} was enqueued at ${atMs} ms and not run afterwards`,
  }));
}

function doubleLeases(events: readonly HistoryEvent[]): readonly Violation[] {
  const violations: Violation[] = [];
  const latest = new Map<KeyText, Lease>();
  const byRun = new Map<number, Lease>();
  for (const event of events) {
    switch (event.kind) {
      case "take": {
        const before = latest.get(event.key);
        if (before !== undefined && !before.isOver && before.untilMs > event.atMs) {
          const message = `run ${event.run} took ${event.key} at ${event.atMs} ms while run ${before.run} held it until ${before.untilMs} ms`;
          violations.push({ law: "two leases", message });
        }
        const lease = { run: event.run, untilMs: event.atMs + event.leaseMs, isOver: false };
        latest.set(event.key, lease);
        byRun.set(event.run, lease);
        break;
      }
      case "renew": {
        const lease = byRun.get(event.run);
        if (lease !== undefined) lease.untilMs = event.atMs + event.leaseMs;
        break;
      }
      case "lost":
      case "done": {
        const lease = byRun.get(event.run);
        if (lease !== undefined) lease.isOver = true;
        break;
      }
      case "wipe":
        for (const lease of byRun.values()) lease.isOver = true;
        break;
      case "enqueue":
      case "gone":
      case "write":
        break;
    }
  }
  return violations;
}

/** A lease that went down with the store is renewed, and found lost, within this time. */
const NOTICED_WITHIN_MS = 10_000;

/**
 * A create that slipped in is not among them: the newer run, or its event, finds it. Nor is a status that a run writes before
 * it can know that the store forgot it: the newer run, which reports after it, finds its own status or reports anew.
 */
function supersededWrites(events: readonly HistoryEvent[]): readonly Violation[] {
  const keys = new Map<number, KeyText>();
  let wiped = { atMs: Number.NEGATIVE_INFINITY, runs: new Set<number>() };
  /** By key and object: the newest run that wrote it. */
  const newest = new Map<string, number>();
  const violations: Violation[] = [];
  for (const event of events) {
    if (event.kind === "take") keys.set(event.run, event.key);
    if (event.kind === "wipe") wiped = { atMs: event.atMs, runs: new Set(keys.keys()) };
    if (event.kind !== "write" || event.run === undefined) continue;
    const site = `${keys.get(event.run) ?? ""} ${event.object}`;
    const other = newest.get(site) ?? 0;
    const isForgotten = wiped.runs.has(event.run) && event.atMs - wiped.atMs <= NOTICED_WITHIN_MS;
    const isAllowed = event.verb === "create" || (event.verb === "patchStatus" && isForgotten);
    if (other > event.run && !isAllowed) {
      const message = `${event.verb} of ${event.object} by run ${event.run} was accepted after run ${other} had written it`;
      violations.push({ law: "superseded write", message });
    }
    newest.set(site, Math.max(other, event.run));
  }
  return violations;
}

/** Writes of runs that a newer run of their key had superseded when they came. */
export function lateWrites(events: readonly HistoryEvent[]): readonly WriteEvent[] {
  const keys = new Map<number, KeyText>();
  const newest = new Map<KeyText, number>();
  const late: WriteEvent[] = [];
  for (const event of events) {
    if (event.kind === "take") {
      keys.set(event.run, event.key);
      newest.set(event.key, event.run);
    } else if (event.kind === "write" && event.run !== undefined) {
      const key = keys.get(event.run);
      if (key !== undefined && (newest.get(key) ?? 0) > event.run) late.push(event);
    }
  }
  return late;
}
