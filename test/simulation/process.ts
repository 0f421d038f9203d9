/**
 * One simulated process and its only way out: every call it makes, and every event told to it, passes `call`, where it is
 * numbered, takes its time, and meets the fault that is planned for it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { StoreUnavailable } from "../../src/engine/ports/key-store.ts";
import type { Call, Fault } from "./faults.ts";
import type { CallMade, World } from "./world.ts";
import { Lane, never } from "./time.ts";

/** Longer than a lease and than a watcher's time to live. */
export const FREEZE_MS = 12_000;
export const RESTART_AFTER_MS = 2000;
const ACT_AFTER_MS = 1000;

/** The run on whose behalf a call is made. */
export const currentRun = new AsyncLocalStorage<number>();

/** What a call is about. */
export type Site = Pick<Call, "to" | "verb" | "target">;

export class Process {
  readonly lane: Lane;
  readonly name: string;
  readonly role: Call["role"];
  readonly #world: World;
  /** Not answered yet. */
  calls = 0;

  constructor(world: World, name: string, role: Call["role"]) {
    this.#world = world;
    this.name = name;
    this.role = role;
    this.lane = new Lane(world.time);
  }

  /**
   * @param execute - what the other side does, at one moment
   * @param altered - what the faults of the kind of call do instead; undefined: what the fault does to any call
   */
  async call<T>(
    site: Site,
    execute: () => Promise<T>,
    altered: (fault: Fault) => (() => Promise<T>) | undefined = () => undefined,
  ): Promise<T> {
    if (this.lane.hasDied()) return never();
    const made = this.#world.callMade({ ...site, process: this.name, role: this.role });
    if (site.verb === "keys.wait") return this.#act(made, execute, altered); // until there is work: nothing is under way
    this.#world.underWay.add(this.lane);
    this.calls += 1;
    try {
      return await this.#act(made, execute, altered);
    } finally {
      this.#world.answered(made);
      this.calls -= 1;
      if (this.calls === 0) this.#world.underWay.delete(this.lane);
    }
  }

  async #act<T>(
    { call, fault, latency }: CallMade,
    execute: () => Promise<T>,
    altered: (fault: Fault) => (() => Promise<T>) | undefined,
  ): Promise<T> {
    const [thereMs, backMs] = latency;
    if (fault === "act") await this.#world.actNow(true);
    else if (fault === "die-before") return this.#world.kill(this);
    else if (fault === "freeze-before" || fault === "freeze-act") this.#freeze();
    if (fault === "freeze-act" || fault === "late-act") this.#world.later(ACT_AFTER_MS, () => this.#world.actNow(true));
    await this.lane.sleep(thereMs);
    if (this.lane.hasDied()) return never();
    if (fault === "wipe") this.#world.wipe();
    if (fault === "down-before") throw new StoreUnavailable(`${call.verb}: injected fault`);
    const result = await (fault === undefined ? execute : (altered(fault) ?? execute))();
    if (fault === "die-after") return this.#world.kill(this);
    if (fault === "freeze-after") this.#freeze();
    await this.lane.sleep(backMs);
    if (this.lane.hasDied()) return never();
    if (fault === "down-after") throw new StoreUnavailable(`${call.verb}: injected fault`);
    return result;
  }

  #freeze(): void {
    this.lane.stop(FREEZE_MS);
    this.#world.disturbed(FREEZE_MS);
  }
}
