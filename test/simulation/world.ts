/**
 * A whole installation in one deterministic process: a cluster, a Redis, workers and watchers with the engine's own code,
 * users who do things, and a plan of faults. Time passes only by `settle` and `pass`; nothing real is waited for.
 */
import { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import type { KeyText } from "../../src/core/object-key.ts";
import { Audit } from "./audit.ts";
import { startDatabaseController } from "./database-controller.ts";
import type { Call, Fault, FaultPlan } from "./faults.ts";
import { History } from "./history.ts";
import { nameOf } from "./judge.ts";
import { KINDS } from "./kinds.ts";
import { noMutation, type Mutation } from "./mutations.ts";
import { Process, RESTART_AFTER_MS } from "./process.ts";
import type { Scenario, Step } from "./scenario.ts";
import { SharedServer } from "./shared-state.ts";
import { Lane, never, SimulatedTime } from "./time.ts";
import { User } from "./user.ts";
import { startWatcher } from "./watcher.ts";
import { startWorker } from "./worker.ts";

/** After the last of anything for so long all is settled. */
const QUIET_MS = 5000;
/** The periodic calls of an idle process are answered sooner, but for a few. */
const SLOW_MS = 500;
/** What a fault can bring may come so much later: a lease or a watcher's time that ends. */
const AFTERMATH_MS = 16_000;
/** Not settled after this: it never will be. */
const PATIENCE_MS = 15 * 60_000;
const MAX_STEPS = 200_000;
/** A look planned at least so far ahead is a resync. */
const RESYNC_AHEAD_MS = 60 * 60_000;

export interface WorldOptions {
  readonly plan: FaultPlan;
  readonly mutation?: Mutation;
  /** Told of each call as it is made. */
  readonly onCall?: (atMs: number, made: CallMade) => void;
}

/** Nothing but the call itself suffers: no lease, no watcher's time has to end first. */
function isPassing(fault: Fault): boolean {
  return ["conflict", "throttled", "unavailable", "lost-answer", "stale", "act", "duplicate", "swap"].includes(fault);
}

/** A call, and what becomes of it. */
export interface CallMade {
  readonly call: Call;
  readonly fault: Fault | undefined;
  readonly latency: readonly [number, number];
}

export class World {
  readonly time: SimulatedTime;
  readonly cluster: MemoryCluster;
  readonly server: SharedServer;
  readonly audit: Audit;
  readonly history = new History();
  readonly calls: Call[] = [];
  readonly mutation: Mutation;
  /** Exceptions that no code of ours may throw. */
  readonly bugs: string[] = [];
  /** Faults that were injected, in order. */
  readonly injected: string[] = [];
  /** Processes that wait for an answer. */
  readonly underWay = new Set<Lane>();
  readonly #scenario: Scenario;
  readonly #plan: FaultPlan;
  readonly #onCall: WorldOptions["onCall"];
  readonly #user: User;
  readonly #processes: Process[] = [];
  /** Neither cluster nor Redis nor user ever stop. */
  readonly #lane: Lane;
  #nextStep = 0;
  #acting: Promise<void> | undefined;
  #activeMs = 0;
  #busyUntilMs = 0;
  #starts = 0;

  constructor(scenario: Scenario, { plan, mutation = noMutation, onCall }: WorldOptions) {
    this.#scenario = scenario;
    this.#onCall = onCall;
    this.#plan = plan;
    this.mutation = mutation;
    this.time = new SimulatedTime(() => plan.random(), plan.isShuffled);
    this.#lane = new Lane(this.time);
    this.cluster = new MemoryCluster({ clock: this.#lane, types: KINDS, collectsGarbage: true });
    this.server = new SharedServer(this.#lane);
    this.audit = new Audit(this.cluster, (object) => {
      this.#active();
      this.history.add({ kind: "gone", object, atMs: this.nowMs });
    });
    this.#user = new User(this.cluster);
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** Sets everything up, starts the processes, and plays the scenario to its end. @throws Error when it does not settle */
  async play(): Promise<void> {
    const { given, workers = 2, watchers = 1, steps } = this.#scenario;
    this.audit.follow(KINDS, this.#lane.died);
    startDatabaseController(this.cluster, this.#lane, this.#lane.died);
    await this.#user.act({ apply: given });
    for (let number = 1; number <= watchers; number += 1) this.#start("watcher", number);
    for (let number = 1; number <= workers; number += 1) this.#start("worker", number);
    await this.settle("the start");
    while (this.#nextStep < steps.length) {
      const title = steps[this.#nextStep]?.title ?? "";
      await this.actNow();
      await this.settle(title);
    }
  }

  /** Lets time pass until nothing is going on any more. @throws Error when that does not come */
  async settle(after: string): Promise<void> {
    const untilMs = this.nowMs + PATIENCE_MS;
    this.#active();
    for (let steps = 0; steps < MAX_STEPS && this.nowMs < untilMs; steps += 1) {
      await this.time.step();
      if (this.nowMs - this.#activeMs >= QUIET_MS && this.nowMs >= this.#busyUntilMs && (await this.#isIdle())) return;
    }
    throw new Error(`not settled ${Math.round((this.nowMs - untilMs + PATIENCE_MS) / 1000)} s after ${after}`);
  }

  /** Lets time pass, whatever happens. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (let next = this.time.nextMs; next !== undefined && next <= untilMs; next = this.time.nextMs)
      await this.time.step();
    this.time.passTo(untilMs);
  }

  /** Nothing goes on any more. Without it Node keeps every signal that somebody listens to, and all that hangs on it. */
  end(): void {
    for (const process of this.#processes) process.lane.kill();
    this.#lane.kill();
  }

  /** A process makes a call: numbers it, and says what becomes of it. */
  callMade(made: Omit<Call, "at">): CallMade {
    const call = { ...made, at: this.calls.length };
    this.calls.push(call);
    const latency = this.#plan.latency(call);
    const fault = this.#plan.faultAt(call);
    if (fault !== undefined) {
      this.injected.push(`${fault} at call ${call.at}: ${call.process} ${call.verb} ${call.target}`);
      if (!isPassing(fault)) this.disturbed(0);
    }
    const decided = { call, fault, latency };
    this.#onCall?.(this.nowMs, decided);
    return decided;
  }

  /** What follows from a slow answer is only about to begin. */
  answered({ latency: [thereMs, backMs] }: CallMade): void {
    if (thereMs + backMs >= SLOW_MS) this.#active();
  }

  /** The user's next step, if there is one left. @param isEarly - not all has settled after the one before */
  async actNow(isEarly = false): Promise<void> {
    await this.#acting;
    const step = this.#scenario.steps[this.#nextStep];
    if (step === undefined || (isEarly && !this.#mayComeEarly(step))) return;
    this.#nextStep += 1;
    this.#active();
    this.#acting = (async () => {
      for (const act of step.acts) await this.#user.act(act);
    })();
    await this.#acting;
  }

  #mayComeEarly({ inOrder, notBefore }: Step): boolean {
    return (
      inOrder !== true && (notBefore === undefined || [...this.audit.objects().keys()].map(nameOf).includes(notBefore))
    );
  }

  /** The process is gone in this moment; another of its kind comes after a while. */
  kill(process: Process): Promise<never> {
    process.lane.kill();
    this.underWay.delete(process.lane);
    this.disturbed(RESTART_AFTER_MS);
    const number = Number(process.name.split("-")[1]);
    this.later(RESTART_AFTER_MS, () => this.#start(process.role, number));
    return never();
  }

  wipe(): void {
    this.history.add({ kind: "wipe", atMs: this.nowMs });
    this.server.wipe();
  }

  /** Something happens later, whatever becomes of who asked for it. */
  later(ms: number, act: () => unknown): void {
    this.disturbed(ms);
    void this.#lane.sleep(ms).then(act);
  }

  /** Something was disturbed that ends in `ms`; what follows from it may come later still. */
  disturbed(ms: number): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.nowMs + ms + AFTERMATH_MS);
  }

  /** The cluster accepted a write. @param before - version of the object before it */
  wrote(
    write: { readonly run: number | undefined; readonly by: string; readonly verb: string; readonly object: KeyText },
    after: JsonObject | null,
    before: string,
  ): void {
    const resourceVersion = textMember(member(after ?? undefined, "metadata"), "resourceVersion");
    if (resourceVersion !== "" && resourceVersion === before) return; // it changed nothing
    this.#active();
    this.history.add({ kind: "write", ...write, resourceVersion, atMs: this.nowMs });
  }

  enqueued(key: KeyText, afterMs: number): void {
    if (afterMs < RESYNC_AHEAD_MS) this.#active();
    this.history.add({ kind: "enqueue", key, atMs: this.nowMs, dueMs: this.nowMs + afterMs });
  }

  noteBug(error: unknown): void {
    if (this.#lane.hasDied()) return;
    this.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** Writes the cluster accepted from us since this place in the history. */
  writesSince(place: number): readonly string[] {
    return this.history.events
      .slice(place)
      .flatMap((event) => (event.kind === "write" ? [`${event.by} ${event.verb} ${event.object}`] : []));
  }

  #active(): void {
    this.#activeMs = this.nowMs;
  }

  async #isIdle(): Promise<boolean> {
    if (this.underWay.size > 0) return false;
    const { keys } = await this.server.data.keys.page();
    return keys.every(({ state, remainingMs }) => state === "delayed" && remainingMs >= RESYNC_AHEAD_MS);
  }

  #start(role: Call["role"], number: number): void {
    this.#starts += 1;
    const process = new Process(this, `${role}-${number}`, role);
    this.#processes.push(process);
    const id = `${process.name}-${this.#starts}`;
    if (role === "worker") startWorker(this, process, id);
    else startWatcher(this, process, id);
  }
}
