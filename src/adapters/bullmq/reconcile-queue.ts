/**
 * Enqueues keys by BullMQ's stock Queue on a KeyStore. One script for up to a hundred keys; a repeat of a waiting key
 * costs nothing but its cause.
 */
import { withBackend, type Queue } from "bullmq";
import type { Clock } from "../../engine/ports/clock.ts";
import type { KeyStore, QueuePage, QueueStats, TenantLoad } from "../../engine/ports/key-store.ts";
import type { QueuedRun, ReconcileQueue, WakeUp } from "../../engine/ports/reconcile-queue.ts";
import { formatCause, parseCauses } from "./cause-text.ts";
import { JOB_NAME, KeyQueueBackend, type TriggerData } from "./key-queue-backend.ts";
import type { AsQueueBackend } from "./unsupported.ts";

export interface ReconcileQueueOptions {
  /** Name of the queue in BullMQ's events; the store decides which data it works on. */
  readonly name: string;
  /** The caller closes it after this queue. */
  readonly store: KeyStore;
  readonly clock: Clock;
}

type KeyQueue = Queue<
  TriggerData,
  unknown,
  string,
  TriggerData,
  unknown,
  string,
  AsQueueBackend<KeyQueueBackend>,
  KeyStore
>;

/** Producer side of the reconcile queue. */
export class BullmqReconcileQueue implements ReconcileQueue {
  readonly #store: KeyStore;
  readonly #queue: KeyQueue;

  constructor(options: ReconcileQueueOptions) {
    const { Queue } = withBackend<AsQueueBackend<KeyQueueBackend>, KeyStore>(
      () => new KeyQueueBackend(options) as AsQueueBackend<KeyQueueBackend>,
    );
    this.#store = options.store;
    this.#queue = new Queue(options.name, { connection: options.store, skipMetasUpdate: true });
    this.#queue.on("error", () => undefined); // every call that met the fault rejects with it
  }

  async enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    if (wakeUps.length === 0) return;
    await this.#queue.addBulk(
      wakeUps.map(({ key, workClass, afterMs = 0, cause }) => ({
        name: JOB_NAME,
        data: { key, cause: formatCause(cause) },
        opts: { priority: workClass, delay: afterMs },
      })),
    );
  }

  load(maxTenants: number): Promise<readonly TenantLoad[]> {
    return this.#store.load(maxTenants);
  }

  async page(from?: string): Promise<QueuePage<QueuedRun>> {
    const { keys, next } = await this.#store.page(from);
    return { keys: keys.map((each) => ({ ...each, causes: parseCauses(each.causes) })), next };
  }

  stats(): Promise<QueueStats> {
    return this.#store.stats();
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
