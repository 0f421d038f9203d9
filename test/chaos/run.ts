/**
 * A chaos run from beginning to verdict: a platform of two teams, about forty triggers, people at work, and faults by
 * chance that can be repeated. Then everything stops, the cluster gets a minute, and the API server is asked what stands.
 */
import { cp } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { CRD_FILES, objectsIn } from "../support/manifest-files.ts";
import { seededRandom, type SeededRandom } from "../support/seeded-random.ts";
import { applyObject, inApplyOrder } from "../../src/cli/server-apply.ts";
import { faultsFor, type FaultPlan, type FaultStage } from "./faults.ts";
import { grantEverything, makeForeign, makeReference } from "./foreign.ts";
import { isClean, judge, type Foreign, type Verdict } from "./judge.ts";
import { ALL_KINDS, TRIGGER_KINDS } from "./kinds.ts";
import { LiveView } from "./live-view.ts";
import { Person } from "./person.ts";
import { definitionsOf, FIRST_STATE, SHOPS, SITES, SPACES, TEAMS } from "./platform.ts";
import { pendingKeys, untilRecovered, type Recovery } from "./recovery.ts";
import { Rig } from "./rig.ts";
import type { ChaosResult, InjectedFault } from "./summary.ts";
import { applyDefinitions, Traffic } from "./traffic.ts";
import { Wanted } from "./wanted.ts";

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Longest time one fault lasts. */
  readonly longestFaultSeconds?: number;
  /** The logs of all processes are copied to this folder when it is over. */
  readonly logs?: string | undefined;
  readonly report: (line: string) => void;
}

const WATCHERS = 2;
const WORKERS = 3;
const LONGEST_FAULT_SECONDS = 30;
/** A fault after which some key is not reconciled within this is a finding. */
const RECOVERED_WITHIN_MS = 90_000;
const CONVERGED_WITHIN_MS = 60_000;
/** Once everything is right it must stay so: what a superseded run still had under way would show up. */
const STAYS_FOR_MS = 3000;
const FIRST_READY_WITHIN_MS = 120_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { report } = options;
  const rig = await Rig.start({ watchers: WATCHERS, workers: WORKERS, report }, prepare);
  try {
    return await new ChaosRun(rig, options).run();
  } finally {
    if (options.logs !== undefined) await cp(path.join(rig.stack.dir, "logs"), options.logs, { recursive: true });
    await rig.stop();
  }
}

class ChaosRun {
  readonly #rig: Rig;
  readonly #options: ChaosOptions;
  readonly #random: SeededRandom;
  readonly #view = new LiveView();
  readonly #wanted = new Wanted();
  readonly #observer: Person;
  readonly #traffic: Traffic;
  readonly #faults: InjectedFault[] = [];
  /** What faults left to be done. */
  readonly #later = new Set<Promise<unknown>>();
  #bag: FaultPlan[] = [];
  #startedMs = 0;

  constructor(rig: Rig, options: ChaosOptions) {
    this.#rig = rig;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#observer = new Person(rig.access, "observer");
    this.#traffic = new Traffic({
      user: new Person(rig.access, "user"),
      vandal: new Person(rig.access, "vandal"),
      wanted: this.#wanted,
      random: seededRandom(options.seed + 1),
    });
  }

  async run(): Promise<ChaosResult> {
    const { report, minutes, seed } = this.#options;
    // 1. Everything in order, and what is nobody's business of ours.
    await this.#view.open(this.#rig.access.informers, ALL_KINDS);
    await this.#traffic.begin();
    await this.#settle("the first triggers", FIRST_READY_WITHIN_MS);
    const foreign = await makeForeign(this.#observer);
    report(`${this.#wanted.all.length} triggers are Ready; trouble begins`);

    // 2. Trouble while people work.
    const ended = new AbortController();
    const people = this.#traffic.run(ended.signal);
    people.catch(() => ended.abort()); // said below
    this.#startedMs = performance.now();
    while (this.#elapsedSeconds() < minutes * 60 && !ended.signal.aborted) await this.#moment();
    ended.abort();
    await people;
    await Promise.all(this.#later);
    await this.#restartGarbageCollector();

    // 3. Calm, and the verdict.
    const since = performance.now();
    report("no more trouble; waiting until everything is as it should be");
    const verdict = await this.#converge(foreign, since);
    const converged = isClean(verdict) ? (performance.now() - since - STAYS_FOR_MS) / 1000 : null;
    this.#view.close();
    return {
      seed,
      minutes,
      kubernetes: this.#rig.plane.version,
      faults: this.#faults,
      traffic: this.#traffic.counts,
      convergenceSeconds: converged,
      verdict,
    };
  }

  /**
   * Kubernetes' own garbage collector backs off from an object that it could not delete while the API server was away, up to
   * a quarter of an hour: what it owes would count as ours.
   */
  async #restartGarbageCollector(): Promise<void> {
    const { controllerManager } = this.#rig.plane;
    if (controllerManager.pid !== 0) await controllerManager.stop();
    await controllerManager.start();
  }

  /** One to three faults at once, until what they left is reconciled. */
  async #moment(): Promise<void> {
    const atSeconds = this.#elapsedSeconds();
    const plans = this.#draw();
    const stage: FaultStage = {
      rig: this.#rig,
      random: this.#random,
      longestMs: (this.#options.longestFaultSeconds ?? LONGEST_FAULT_SECONDS) * 1000,
      later: (work) => {
        this.#later.add(work);
        void work.finally(() => this.#later.delete(work)).catch(() => undefined); // awaited where it counts
      },
    };
    const befallen = await Promise.all(
      plans.map(async (plan) => {
        const target = await plan.inject(stage);
        return { plan, target, lastedSeconds: this.#elapsedSeconds() - atSeconds };
      }),
    );
    const recovery = await this.#recover();
    for (const { plan, target, lastedSeconds } of befallen)
      this.#faults.push({
        fault: plan.name,
        target,
        atSeconds: rounded(atSeconds),
        lastedSeconds: rounded(lastedSeconds),
        together: plans.filter((other) => other !== plan).map(({ name }) => name),
        pendingKeys: recovery.pendingKeys,
        recoverySeconds: recovery.seconds === null ? null : rounded(recovery.seconds),
      });
    this.#tell(atSeconds, befallen.map(({ plan, target }) => `${plan.name} (${target})`).join(" + "), recovery);
    await Promise.all(this.#later);
    await sleep(this.#random.below(1500));
  }

  async #recover(): Promise<Recovery> {
    const sinceMs = performance.now();
    // Somebody changes something as soon as the fault is over, so that its end is never without work.
    await this.#traffic.edits(2);
    const pending = pendingKeys(this.#wanted, this.#view);
    const { wanted, view } = { wanted: this.#wanted, view: this.#view };
    return untilRecovered(pending, { wanted, view, sinceMs, withinMs: RECOVERED_WITHIN_MS });
  }

  /** Of every sort once before any comes again; those of one moment befall different things. */
  #draw(): readonly FaultPlan[] {
    const dice = this.#random.next();
    const count = dice < 0.6 ? 1 : dice < 0.9 ? 2 : 3;
    const drawn: FaultPlan[] = [];
    while (drawn.length < count) {
      if (this.#bag.length === 0) this.#bag = shuffled(faultsFor(this.#rig.plane.version), this.#random);
      const index = this.#bag.findIndex(({ target }) => drawn.every((other) => other.target !== target));
      if (index < 0) break;
      drawn.push(...this.#bag.splice(index, 1));
    }
    return drawn;
  }

  async #converge(foreign: readonly Foreign[], sinceMs: number): Promise<Verdict> {
    let verdict = await this.#judge(foreign);
    while (!isClean(verdict) && performance.now() - sinceMs < CONVERGED_WITHIN_MS) {
      await sleep(500);
      verdict = await this.#judge(foreign);
    }
    if (!isClean(verdict)) return verdict;
    await sleep(STAYS_FOR_MS);
    return this.#judge(foreign);
  }

  async #judge(foreign: readonly Foreign[]): Promise<Verdict> {
    const found = await this.#observer.everything(ALL_KINDS);
    return judge({ state: this.#wanted.state, wanted: this.#wanted.all, found, foreign });
  }

  async #settle(what: string, withinMs: number): Promise<void> {
    const { wanted, view } = { wanted: this.#wanted, view: this.#view };
    const pending = pendingKeys(wanted, view);
    const { left } = await untilRecovered(pending, { wanted, view, sinceMs: performance.now(), withinMs });
    if (left.length > 0) throw new Error(`${what} did not settle:\n${left.join("\n")}`);
  }

  #tell(atSeconds: number, what: string, { pendingKeys: pending, seconds, left }: Recovery): void {
    const came = seconds === null ? `NOT recovered: ${left.join("; ")}` : `${pending} keys in ${seconds.toFixed(1)} s`;
    this.#options.report(`${atSeconds.toFixed(0).padStart(5)} s  ${what}: ${came}`);
  }

  #elapsedSeconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }
}

/** The namespaces, Koreo's kinds and those of the run, and the definitions as they are at first. */
async function prepare(access: ClusterAccess): Promise<void> {
  const connection = { ...access, namespace: SHOPS, signal: new AbortController().signal };
  const namespaces = [...TEAMS, SHOPS, SITES, SPACES].map((name): JsonObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  const objects = [...namespaces, ...objectsIn(CRD_FILES), ...TRIGGER_KINDS.map(crdOf)];
  for (const { object } of inApplyOrder(objects.map((each) => ({ object: each })))) {
    const applied = await applyObject(connection, object, SHOPS);
    if (applied.kind === "fault")
      throw new Error(`${textMember(member(object, "metadata"), "name")}: ${applied.fault.detail}`);
  }
  const admin = new Person(access, "user");
  await grantEverything(admin);
  await makeReference(admin);
  await applyDefinitions(admin, definitionsOf(FIRST_STATE));
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
