/**
 * Wake-ups on their way to the queue: merged by key, sent in batches a few milliseconds later, kept while the queue
 * cannot be reached. The ledger learns what was seen only after the queue has taken the wake-up, never before. The
 * wake-ups of the last minute are remembered, because a failover of Redis may lose what it had accepted.
 */
import type { KeyText, KindText } from "../../core/object-key.ts";
import { jittered, type Clock } from "../ports/clock.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import type { Logger } from "../ports/logger.ts";
import type { ReconcileQueue, WakeUp } from "../ports/reconcile-queue.ts";
import type { WatchLedger } from "../ports/watch-ledger.ts";
import { withEnqueueSpan } from "../trace-context.ts";

/** What a watcher saw of an object: recorded once the queue has the wake-up for it. `null` forgets the object. */
export interface Seen {
  readonly slot: KindText;
  readonly object: KeyText;
  readonly text: string | null;
}

const FLUSH_AFTER_MS = 10;
const BATCH = 100;
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 20_000;
const PAUSE_MS = 500;

/** A listener that is told when a wake-up is taken. Of listeners with the same name, only the last is told. */
export interface OnSent {
  readonly name: string;
  readonly tell: () => void;
}

/** The merged wake-up of a key, with only the last text per object and the last listener per name. */
interface Pending {
  readonly wakeUp: WakeUp;
  /** By slot and object. */
  readonly seen: ReadonlyMap<string, Seen>;
  readonly onSent: ReadonlyMap<string, OnSent>;
}

/** What follows from a wake-up once the queue has taken it. */
export interface AfterSent {
  readonly seen?: Seen;
  readonly onSent?: OnSent;
}

export interface PendingPorts {
  readonly queue: Pick<ReconcileQueue, "enqueue">;
  readonly ledger: WatchLedger;
  readonly clock: Clock;
  readonly log: Logger;
}

export class PendingWakeUps {
  readonly #ports: PendingPorts;
  readonly #epoch: () => string;
  readonly #pending = new Map<KeyText, Pending>();
  /** Accepted wake-ups of the last minute, oldest first. */
  #remembered: { readonly atMs: number; readonly wakeUp: WakeUp }[] = [];
  #nudge: () => void = () => undefined;

  /** @param epoch - epoch of the shared state as last heard of */
  constructor(ports: PendingPorts, epoch: () => string) {
    this.#ports = ports;
    this.#epoch = epoch;
  }

  /** Epoch of the shared state: what is sent from now on lands in this epoch or a later one. */
  get epoch(): string {
    return this.#epoch();
  }

  /** Keys on their way: bounded by the number of objects. */
  get size(): number {
    return this.#pending.size;
  }

  add(wakeUp: WakeUp, { seen, onSent }: AfterSent = {}): void {
    const added: Pending = {
      wakeUp,
      seen: new Map(seen === undefined ? [] : [[`${seen.slot} ${seen.object}`, seen]]),
      onSent: new Map(onSent === undefined ? [] : [[onSent.name, onSent]]),
    };
    const merged = merge(this.#pending.get(wakeUp.key), added);
    this.#pending.set(wakeUp.key, merged);
    this.#nudge();
  }

  /** Sends until the signal is aborted; then tries once more for what is left. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#pending.size === 0) await this.#woken(signal);
      await this.#ports.clock.sleep(FLUSH_AFTER_MS, signal);
      if (!(await this.flush())) await this.#ports.clock.sleep(jittered(PAUSE_MS, this.#ports.clock), signal);
    }
    await this.flush();
  }

  /** @returns whether the queue took everything */
  async flush(): Promise<boolean> {
    while (this.#pending.size > 0) {
      const batch = [...this.#pending.values().take(BATCH)];
      for (const { wakeUp } of batch) this.#pending.delete(wakeUp.key);
      if (await this.#send(batch)) continue;
      for (const each of batch) this.#pending.set(each.wakeUp.key, merge(each, this.#pending.get(each.wakeUp.key)));
      return false;
    }
    return true;
  }

  /** Sends what was accepted in the last minute again: a server that took over may never have had it. */
  replay(): void {
    const sinceMs = this.#ports.clock.nowMs() - REMEMBERED_MS;
    for (const { atMs, wakeUp } of this.#remembered) if (atMs >= sinceMs) this.add(wakeUp);
  }

  async #send(batch: readonly Pending[]): Promise<boolean> {
    // The epoch before sending: a store that takes the wake-ups and loses them must not learn that they were seen.
    const { epoch } = this;
    try {
      const wakeUps = batch.map(({ wakeUp }) => wakeUp);
      await withEnqueueSpan(
        wakeUps.map(({ cause }) => cause),
        () => this.#ports.queue.enqueue(wakeUps),
      );
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#ports.log.warn(
        { keys: this.#pending.size + batch.length, error: error.message },
        "the queue cannot be reached, keeping wake-ups",
      );
      return false;
    }
    this.#remember(batch);
    await this.#record(batch, epoch);
    for (const { onSent } of batch) for (const { tell } of onSent.values()) tell();
    return true;
  }

  #remember(batch: readonly Pending[]): void {
    const nowMs = this.#ports.clock.nowMs();
    const fresh = this.#remembered.filter(({ atMs }) => atMs >= nowMs - REMEMBERED_MS);
    fresh.push(...batch.map(({ wakeUp }) => ({ atMs: nowMs, wakeUp })));
    this.#remembered = fresh.slice(-MAX_REMEMBERED);
  }

  /** A record that fails only costs one needless wake-up after the next take-over. */
  async #record(batch: readonly Pending[], epoch: string): Promise<void> {
    const bySlot = new Map<KindText, Map<string, string | null>>();
    const reasons = new Map<string, number>();
    for (const { wakeUp, seen } of batch) {
      reasons.set(wakeUp.cause.reason, (reasons.get(wakeUp.cause.reason) ?? 0) + 1);
      for (const { slot, object, text } of seen.values()) {
        const changes = bySlot.get(slot) ?? new Map<string, string | null>();
        bySlot.set(slot, changes.set(object, text));
      }
    }
    try {
      for (const [slot, changes] of bySlot) await this.#ports.ledger.record(slot, changes, epoch);
      for (const [reason, count] of reasons) await this.#ports.ledger.count(reason, count);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#nudge = () => undefined;
        resolve();
      };
      this.#nudge = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

/** One wish for both: the earlier moment with its cause (the first one's when they are equal), the more urgent class. */
function merge(first: Pending | undefined, second: Pending | undefined): Pending {
  if (first === undefined || second === undefined) return (first ?? second) as Pending;
  const [firstMs, secondMs] = [first.wakeUp.afterMs ?? 0, second.wakeUp.afterMs ?? 0];
  const afterMs = Math.min(firstMs, secondMs);
  const { key } = first.wakeUp;
  return {
    wakeUp: {
      key,
      cause: secondMs < firstMs ? second.wakeUp.cause : first.wakeUp.cause,
      workClass: first.wakeUp.workClass < second.wakeUp.workClass ? first.wakeUp.workClass : second.wakeUp.workClass,
      ...(afterMs === 0 ? {} : { afterMs }),
    },
    seen: new Map([...first.seen, ...second.seen]),
    onSent: new Map([...first.onSent, ...second.onSent]),
  };
}
