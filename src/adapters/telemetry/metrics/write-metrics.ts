/** What runs do to objects: repairs of drift, and how they wait for objects that several triggers name. */
import { Counter, Histogram } from "prom-client";
import type { GroupKind } from "../../../core/object-key.ts";
import type { AskedLock, WrittenObject } from "../../../engine/run-context.ts";
import { BoundedLabel, exemplar, type MetricsRegistry } from "./exposition.ts";

/** Seconds; one question to the shared state. */
const LOCK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
const MAX_KINDS = 300;
const REPAIRS = ["create", "patch", "recreate"] as const;

export class WriteMetrics {
  readonly #kinds = new BoundedLabel(MAX_KINDS);
  readonly #repairs: Counter<"kind" | "action">;
  readonly #locks: Histogram;
  readonly #refusals: Counter;

  /** @param kinds - those that definitions manage: their repairs count from zero */
  constructor(registry: MetricsRegistry, kinds: () => readonly GroupKind[]) {
    const registers = [registry as never];
    this.#repairs = new Counter({
      name: "koreo_drift_repairs_total",
      help: "Writes that repaired drift: to an object that was there before, and that neither its trigger nor a definition asked for.",
      labelNames: ["kind", "action"],
      registers,
      collect: () => {
        for (const kind of kinds())
          for (const action of REPAIRS) this.#repairs.inc({ kind: this.#labelOf(kind), action }, 0);
      },
    });
    this.#locks = new Histogram({
      name: "koreo_lock_wait_seconds",
      help: "How long runs waited for the answer whether they have the lock on an object that several triggers name.",
      buckets: LOCK_BUCKETS,
      enableExemplars: true,
      registers,
    });
    this.#refusals = new Counter({
      name: "koreo_lock_refusals_total",
      help: "Locks that another run held: the step is tried again when it lets go.",
      registers,
    });
  }

  wrote(action: string, what: WrittenObject): void {
    if (what.isRepair) this.#repairs.inc({ kind: this.#labelOf(what), action });
  }

  lockAsked({ ms, isHeld }: AskedLock): void {
    this.#locks.observe({ value: ms / 1000, labels: {}, exemplarLabels: exemplar() as never });
    if (isHeld) this.#refusals.inc();
  }

  #labelOf({ group, kind }: GroupKind): string {
    return this.#kinds.of(group === "" ? kind : `${kind}.${group}`);
  }
}
