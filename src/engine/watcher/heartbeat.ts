/**
 * The pulse of a watcher, apart from its work so that no long list makes it look dead: says that it lives, learns who
 * else does, and notices when the shared state is not the one it knew. The watcher's next tick takes what was learned.
 * A watcher that cannot reach its cluster is away: it leaves its slots to others, as long as there are any.
 */
import type { KindText } from "../../core/object-key.ts";
import type { MembershipView } from "../ports/membership.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import type { WatcherPorts } from "./watcher-ports.ts";

const BEAT_MS = 2000;
const MEMBER_TTL_MS = 8000;
/** How soon a beat that failed is tried again. */
const RETRY_MS = 500;
/** How long a cluster may be out of reach before we act on it: an API server that restarts comes back sooner. */
const CUT_OFF_AFTER_MS = 10_000;

type HeartbeatPorts = Pick<WatcherPorts, "membership" | "index" | "canReach" | "clock" | "log">;

export class Heartbeat {
  readonly #ports: HeartbeatPorts;
  readonly #id: string;
  #view: MembershipView | undefined;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #indexedKinds: readonly KindText[] = [];
  /** Why the shared state may have lost something, until `takeView` has told it. */
  #loss: string | undefined;
  /** Since when the cluster cannot be reached, on the monotonic clock. */
  #unreachedSinceMs: number | undefined;
  #isAway = false;
  #returnedMs = Number.NEGATIVE_INFINITY;

  constructor(ports: HeartbeatPorts, id: string) {
    this.#ports = ports;
    this.#id = id;
  }

  /** Whether we are no member now: then the last view is an old one, and others serve our slots. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** When it last came back from being away, on the monotonic clock. */
  get returnedMs(): number {
    return this.#returnedMs;
  }

  /** When the shared state answered last, on the monotonic clock. */
  get answeredMs(): number {
    return this.#answeredMs;
  }

  /** Epoch of the shared state as last heard of; "" before the first answer. */
  get epoch(): string {
    return this.#view?.epoch ?? "";
  }

  /** Every kind that inventories name, as last read. */
  get indexedKinds(): readonly KindText[] {
    return this.#indexedKinds;
  }

  /** The live watchers. `loss`, told once, says why everything must be listed anew. */
  takeView(): { readonly view: MembershipView | undefined; readonly loss: string | undefined } {
    const loss = this.#loss;
    this.#loss = undefined;
    return { view: this.#view, loss };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      try {
        await this.#beat();
        await clock.sleep(BEAT_MS, signal);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        log.warn({ error: error.message }, "no answer to a heartbeat");
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  /** Leaves, so that others take over at once. A store that does not answer notices it by the time to live. */
  async leave(): Promise<void> {
    await this.#ports.membership.leave(this.#id).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    const { membership, clock, index } = this.#ports;
    const before = this.#view;
    if (await this.#stayAway()) return;
    const view = await membership.heartbeat(this.#id, MEMBER_TTL_MS);
    // Noted before anything else can fail: the store reports a loss only once, so it must not be forgotten here.
    if (before !== undefined && before.epoch !== view.epoch) this.#loss = "its data is gone";
    else if (before !== undefined && before.serverRun !== view.serverRun) this.#loss ??= "another server answers";
    this.#view = view;
    this.#answeredMs = clock.nowMs();
    this.#indexedKinds = await index.kinds();
  }

  /**
   * Stays away while other watchers live: they may reach what we cannot. Once they have died it is up to us.
   *
   * @returns whether we are no member now
   */
  async #stayAway(): Promise<boolean> {
    const { membership, clock, log } = this.#ports;
    const isAway = this.#isCutOff() && (await this.#othersLive());
    if (isAway) {
      await membership.leave(this.#id);
      this.#answeredMs = clock.nowMs();
      if (!this.#isAway) log.warn({}, "the cluster cannot be reached, leaving the slots to other watchers");
    } else if (this.#isAway) {
      this.#returnedMs = clock.nowMs();
      log.info({}, "taking part again");
    }
    this.#isAway = isAway;
    return isAway;
  }

  #isCutOff(): boolean {
    const { canReach, clock } = this.#ports;
    this.#unreachedSinceMs = canReach() ? undefined : (this.#unreachedSinceMs ?? clock.nowMs());
    return this.#unreachedSinceMs !== undefined && clock.nowMs() - this.#unreachedSinceMs >= CUT_OFF_AFTER_MS;
  }

  async #othersLive(): Promise<boolean> {
    const { watchers } = await this.#ports.membership.overview();
    return watchers.some(({ id }) => id !== this.#id);
  }
}
