/** What a watcher watches, and how the definitions do. */
import { Gauge } from "prom-client";
import type { Catalog } from "../../../core/plan/catalog.ts";
import type { WatchedStream } from "../../../engine/watcher/watcher-ports.ts";
import type { MetricsRegistry } from "./exposition.ts";

/** @param streams - what is watched now, one entry a slot */
export function watchMetrics(registry: MetricsRegistry, streams: () => readonly WatchedStream[]): void {
  const registers = [registry as never];
  new Gauge({
    name: "koreo_watch_slots",
    help: "Slots this watcher serves, by kind and whether all of their streams work.",
    labelNames: ["kind", "state"],
    registers,
    collect() {
      this.reset();
      for (const { kind, isLive } of streams()) this.inc({ kind, state: isLive ? "live" : "down" });
    },
  });
  new Gauge({
    name: "koreo_watch_last_heard_seconds",
    help: "How long the streams of a kind have been silent, the most silent one; bookmarks come about once a minute.",
    labelNames: ["kind"],
    registers,
    collect() {
      this.reset();
      for (const { kind, silentMs } of streams()) this.set({ kind }, silentMs / 1000);
    },
  });
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
