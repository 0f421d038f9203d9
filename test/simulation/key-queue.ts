/** The store of keys as one process reaches it; what the store accepts goes into the history. */
import { formatCause } from "../../src/adapters/bullmq/cause-text.ts";
import type {
  HeldKey,
  KeyStore,
  QueuePage,
  RunEnd,
  RunEndState,
  Taken,
  TakeRequest,
  TenantLoad,
  Trigger,
} from "../../src/engine/ports/key-store.ts";
import type { WakeUp } from "../../src/engine/ports/reconcile-queue.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export class KeyQueue implements KeyStore {
  readonly ready = Promise.resolve();
  readonly leasesEnd = true;
  readonly minWaitMs = 1;
  readonly maxWaitMs = 60_000;
  readonly #world: World;
  readonly #process: Process;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  /** The producer's side of the port `reconcile-queue`. */
  enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    return this.trigger(
      wakeUps.map(({ key, workClass, afterMs = 0, cause }) => ({ key, workClass, afterMs, cause: formatCause(cause) })),
    );
  }

  trigger(items: readonly Trigger[]): Promise<void> {
    const about = items.map(({ key }) => key).join(" ");
    return this.#call("trigger", about, async () => {
      const kept = items.filter(({ key }) => this.#world.mutation.keepsWish(key));
      await this.#world.server.data.keys.trigger(kept);
      for (const { key, afterMs = 0 } of items) this.#world.enqueued(key, afterMs);
    });
  }

  take(request: TakeRequest): Promise<Taken> {
    return this.#call("take", "", async () =>
      this.#noteTaken(await this.#world.server.data.keys.take(request), request),
    );
  }

  done(run: HeldKey, end: RunEnd, next?: TakeRequest): Promise<{ state: RunEndState; next?: Taken }> {
    return this.#call("done", run.key, async () => {
      const told = await this.#world.server.data.keys.done(run, end, next);
      const { history, nowMs } = this.#world;
      history.add({ kind: "done", run: history.runOf(run), state: told.state, atMs: nowMs });
      if (end.kind === "done" && end.afterMs !== undefined && told.state !== "stale")
        this.#world.enqueued(run.key, end.afterMs);
      if (told.next !== undefined && next !== undefined) this.#noteTaken(told.next, next);
      return told;
    });
  }

  extend(runs: readonly HeldKey[], leaseMs: number): Promise<{ lost: readonly number[]; urgent: readonly number[] }> {
    return this.#call("extend", runs.map(({ key }) => key).join(" "), async () => {
      const answer = await this.#world.server.data.keys.extend(runs, leaseMs);
      const { history, nowMs: atMs } = this.#world;
      for (const run of runs) {
        const isLost = answer.lost.includes(run.fence);
        history.add({ kind: isLost ? "lost" : "renew", run: history.runOf(run), atMs, leaseMs } as const);
      }
      return answer;
    });
  }

  reclaim(owner: string, heldFences: readonly number[], everything?: boolean): Promise<number> {
    return this.#call("reclaim", "", () => this.#world.server.data.keys.reclaim(owner, heldFences, everything));
  }

  wait(ms: number, abort: AbortSignal): Promise<void> {
    // A broken connection waits no more: it must not swallow the wake-up that is meant for a living one.
    const until = AbortSignal.any([abort, this.#process.lane.died]);
    return this.#call("wait", "", () => this.#world.server.data.keys.wait(ms, until));
  }

  stats(): ReturnType<KeyStore["stats"]> {
    return this.#world.server.data.keys.stats();
  }

  page(): Promise<QueuePage> {
    return this.#world.server.data.keys.page();
  }

  load(maxTenants: number): Promise<readonly TenantLoad[]> {
    return this.#world.server.data.keys.load(maxTenants);
  }

  onReconnect(listener: () => void): () => void {
    return this.#world.server.onReconnect(() => {
      if (!this.#process.lane.hasDied()) listener();
    });
  }

  onError(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #noteTaken(taken: Taken, { leaseMs }: TakeRequest): Taken {
    if (taken.run === undefined) return taken;
    const { history, nowMs: atMs } = this.#world;
    history.add({ kind: "take", run: history.took(taken.run), key: taken.run.key, atMs, leaseMs });
    return taken;
  }

  #call<T>(method: string, target: string, execute: () => Promise<T>): Promise<T> {
    return this.#process.call({ to: "state", verb: `keys.${method}`, target }, execute);
  }
}
