/**
 * Kinds that have lost their Workflow while triggers may be left that carry something of ours: which ones are watched
 * on, and since when that is written down. A kind is let go once a list shows no trigger with a record of ours, or
 * nothing declares the kind any more.
 */
import type { GroupKind, GroupVersionKind } from "../../core/object-key.ts";
import { declarationOf } from "../declared-kind.ts";
import type { KindRole, KindWatch } from "./kind-watch.ts";
import { TriggerKinds } from "./trigger-kinds.ts";
import type { WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

type KeptKindsPorts = Pick<WatcherPorts, "store" | "clock" | "log">;

export class KeptKinds {
  readonly #ports: KeptKindsPorts;
  readonly #written: TriggerKinds;
  #isReadAnew = false;

  constructor(ports: KeptKindsPorts, { homeNamespace, installation }: WatcherOptions) {
    this.#ports = ports;
    this.#written = new TriggerKinds(ports.store, homeNamespace, installation);
  }

  /** Whether the kinds that were written down before us have been read. */
  get isKnown(): boolean {
    return this.#written.isKnown;
  }

  /** Whether the kinds were read since `remembered` was said: every trigger kind must be there, or be written again. */
  get isReadAnew(): boolean {
    return this.#isReadAnew;
  }

  remembered(): void {
    this.#isReadAnew = false;
  }

  /** Whether the kind is written down, with or without a Workflow. */
  has(kind: GroupKind): boolean {
    return this.#written.has(kind);
  }

  /** Writes the kind down before any of its triggers is woken. @returns whether it may be watched now */
  async remember({ group, kind, version = "" }: KindRole, signal: AbortSignal): Promise<boolean> {
    const fault = await this.#written.remember({ group, kind, version }, signal);
    if (fault === undefined) return true;
    this.#ports.log.warn({ kind, group, error: fault.detail }, "the kind of these triggers could not be written down");
    // Waits where a later try may succeed. Without the right to write, only triggers without a Workflow go unnoticed.
    return fault.kind === "forbidden" || fault.kind === "invalid" || fault.kind === "notFound";
  }

  /**
   * The kinds written down that no Workflow names. Takes out those that nothing is left of.
   *
   * @param named - kinds that a Workflow names
   * @param watchOf - this watcher's watch on a kind
   */
  async beside(
    named: readonly GroupKind[],
    watchOf: (kind: GroupKind) => KindWatch | undefined,
    signal: AbortSignal,
  ): Promise<readonly GroupVersionKind[]> {
    const { clock, log } = this.#ports;
    const isDue = this.#written.isDue(clock.nowMs());
    if (isDue) {
      this.#isReadAnew = true;
      const fault = await this.#written.load(signal);
      if (fault !== undefined) log.warn({ error: fault.detail }, "the kinds of triggers cannot be read");
    }
    const names = new Set(named.map(({ group, kind }) => `${group}/${kind}`));
    const kept = this.#written.all.filter(({ group, kind }) => !names.has(`${group}/${kind}`));
    for (const kind of kept) {
      const watch = watchOf(kind);
      const isDone = watch?.isWithoutRecords === true || (isDue && (await this.#isGone(watch, signal)));
      const fault = isDone ? await this.#written.forget(kind, signal) : undefined;
      if (fault !== undefined)
        log.warn({ ...kind, error: fault.detail }, "a kind without triggers of ours could not be taken out");
    }
    return kept;
  }

  /** A kind that nothing declares any more has no triggers left. If we may not ask, we keep the kind. */
  async #isGone(watch: KindWatch | undefined, signal: AbortSignal): Promise<boolean> {
    if (watch?.role.isTrigger !== true || !watch.isUnserved) return false;
    return (await declarationOf({ store: this.#ports.store, signal }, watch.role)).kind === "absent";
  }
}
