/** What a watcher watches, the silent streams of any process, and the health of the definitions. */
import { Counter, Gauge } from "prom-client";
import type { Catalog } from "../../../core/plan/catalog.ts";
import type { WatchedStream } from "../../../engine/watcher/watcher-ports.ts";
import { BoundedLabel, type MetricsRegistry } from "./exposition.ts";

/** Slots beyond this number have no series of their own. */
const MAX_SLOTS = 1000;
const MAX_KINDS = 300;

/** What a watcher reports about itself. */
export interface WatcherView {
  /** What is watched now, one entry a slot. */
  readonly streams: () => readonly WatchedStream[];
  /** Milliseconds since the shared state last answered its heartbeat; undefined before the first answer. */
  readonly heartbeatAgeMs: () => number | undefined;
}

/** @param name - of the installation */
export function watchMetrics(registry: MetricsRegistry, { streams, heartbeatAgeMs }: WatcherView, name: string): void {
  const registers = [registry as never];
  const kinds = new BoundedLabel(MAX_KINDS);
  new Gauge({
    name: "koreo_watch_slots",
    help: "Slots this watcher serves, by kind and whether all of their streams work.",
    labelNames: ["kind", "state"],
    registers,
    collect() {
      this.reset();
      for (const { kind, isLive } of streams()) this.inc({ kind: kinds.of(kind), state: isLive ? "live" : "down" });
    },
  });
  new Gauge({
    name: "koreo_watch_last_heard_seconds",
    help: "How long the streams of a kind have been silent, the most silent one; bookmarks come about once a minute.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      const most = new Map<string, number>();
      for (const each of streams()) {
        const kind = kinds.of(each.kind);
        most.set(kind, Math.max(each.silentMs, most.get(kind) ?? 0));
      }
      for (const [kind, silentMs] of most) this.set({ kind }, silentMs / 1000);
    },
  });
  new Gauge({
    name: "koreo_watch_streams",
    help: "Streams to the API server that this watcher holds, by kind; more than one a slot where namespaces are watched.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      for (const { kind, streams: count } of streams()) this.inc({ kind: kinds.of(kind) }, count);
    },
  });
  new Gauge({
    name: "koreo_watcher_heartbeat_age_seconds",
    help: "How long ago the shared state last answered this watcher's heartbeat; heartbeats come every 2 seconds.",
    labelNames: ["name"],
    registers,
    collect() {
      const ageMs = heartbeatAgeMs();
      if (ageMs === undefined) this.remove({ name });
      else this.set({ name }, ageMs / 1000);
    },
  });
  ownerMetric(registers, streams);
}

/** Which watcher serves which slot: a slot that two watchers, or none, serve for long shows here. */
function ownerMetric(registers: never[], streams: () => readonly WatchedStream[]): void {
  new Gauge({
    name: "koreo_watch_slot_owned",
    help: "1 for each slot that this watcher serves; a slot is a kind.",
    labelNames: ["slot"],
    registers,
    collect() {
      this.reset();
      for (const { slot } of streams().slice(0, MAX_SLOTS)) this.set({ slot }, 1);
    },
  });
}

/**
 * Counts silent streams of every watch of this process, including the watches on definitions.
 *
 * @returns a function to call when a stream was opened, so that its kind counts from zero, and when it was cut as silent
 */
export function streamMetrics(registry: MetricsRegistry): (kind: string, what: "opened" | "silent") => void {
  const kinds = new BoundedLabel(MAX_KINDS);
  const silent = new Counter({
    name: "koreo_watch_silent_streams_total",
    help: "Streams that were cut because nothing came for 150 seconds, by kind; bookmarks come about once a minute.",
    labelNames: ["kind"],
    registers: [registry],
  });
  return (kind, what) => silent.inc({ kind: kinds.of(kind) }, what === "silent" ? 1 : 0);
}

/** @param catalog - the newest definitions */
export function definitionMetrics(registry: MetricsRegistry, catalog: () => Catalog): void {
  new Gauge({
    name: "koreo_definitions",
    help: "Definitions by kind and health: ready, or faulty (see their Ready condition).",
    labelNames: ["kind", "health"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { source, readiness } of catalog().entries) {
        this.inc({ kind: source.kind, health: readiness === undefined ? "ready" : "faulty" });
      }
    },
  });
}
