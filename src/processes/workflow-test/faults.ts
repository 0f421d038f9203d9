/**
 * Plays the cases of a WorkflowTest under single faults: each request of the worker goes wrong once, in every way it
 * can, and the Workflow must still reach the same end.
 */
import { textMember, type JsonObject } from "../../core/json.ts";
import { compareEndings, compareLives, endingOf, type Ending } from "../../core/workflow-test/ending.ts";
import type { Unmet } from "../../core/workflow-test/judge.ts";
import type { ObjectName, TestedAction, WorkflowCasePlan, WorkflowTestPlan } from "../../core/workflow-test/prepare.ts";
import { requestFaults, type ClusterRequest, type Disturbance } from "./disturbed-store.ts";
import { clusterOptions, type WorkflowTestOptions } from "./run.ts";
import { change, judge, MAX_RUNS, play, replayed, unsettled, type Played } from "./stage.ts";
import type { TestCluster, TestClusterOptions } from "./test-cluster.ts";

/** A fault with which the case ended differently than without it. */
export interface FaultFailure {
  readonly label: string;
  readonly disturbance: Disturbance;
  /** Text such as `patch ConfigMap shop/web`. */
  readonly request: string;
  /** Why the case could not be played to its end; "" when it could. */
  readonly problem: string;
  readonly unmet: readonly Unmet[];
}

export interface FaultResult {
  /** How many faults were played. */
  readonly played: number;
  /** How many were not played, because there were too many. */
  readonly omitted: number;
  readonly failures: readonly FaultFailure[];
}

export interface FaultOptions extends WorkflowTestOptions {
  /** Labels of the cases to disturb; other cases only prepare the cluster. */
  readonly isSelected: (label: string) => boolean;
  /** Only this fault. */
  readonly only?: Disturbance | undefined;
  /** Called after each fault. */
  readonly onPlayed?: (() => void) | undefined;
}

/** Most faults that are played in one case. */
const MAX_FAULTS = 5000;
/** Pause between runs of a disturbed worker: long enough for every retry to be due and every lease to expire. */
const PAUSE_SECONDS = 60;
/** How many idle runs in a row mean that it has settled: the first may only have been told to try again. */
const QUIET_RUNS = 2;

/** Plays a test that passes without faults. A case that sets `runs` does not define its end, so it is not disturbed. */
export async function playFaults(plan: WorkflowTestPlan, options: FaultOptions): Promise<FaultResult> {
  const { workflowUnderTest } = plan;
  if (workflowUnderTest.kind === "notReady") return { played: 0, omitted: 0, failures: [] };
  const cluster = clusterOptions(plan, workflowUnderTest.plan, options);
  const passed: WorkflowCasePlan[] = [];
  const failures: FaultFailure[] = [];
  let [played, omitted] = [0, 0];
  for (const testCase of plan.cases) {
    if (testCase.skip) continue;
    if (testCase.runs === undefined && options.isSelected(testCase.label)) {
      const scene = new Scene(plan, cluster, [...passed], testCase);
      const result = await scene.playAll(options);
      failures.push(...result.failures);
      played += result.played;
      omitted += result.omitted;
    }
    if (!testCase.variant) passed.push(testCase);
  }
  return { played, omitted, failures };
}

/** One case, on the cluster that the cases before it left. */
class Scene {
  readonly #plan: WorkflowTestPlan;
  readonly #options: TestClusterOptions;
  readonly #passed: readonly WorkflowCasePlan[];
  readonly #case: WorkflowCasePlan;

  constructor(
    plan: WorkflowTestPlan,
    options: TestClusterOptions,
    passed: readonly WorkflowCasePlan[],
    testCase: WorkflowCasePlan,
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#passed = passed;
    this.#case = testCase;
  }

  async playAll({ only, onPlayed }: FaultOptions): Promise<FaultResult> {
    const { trigger } = this.#options;
    const world = await replayed(this.#plan, this.#options, this.#passed);
    const first = world.requests.length;
    const { actions } = await play(world, this.#case, trigger);
    const requests = world.requests.slice(first);
    const wanted = { ending: await endOf(world, trigger), actions };
    const all = requests.flatMap((request, at) => requestFaults(request).map((fault) => ({ request, at, fault })));
    const asked = only === undefined ? all : all.filter(({ at, fault }) => at === only.at && fault === only.fault);
    const failures: FaultFailure[] = [];
    for (const { request, at, fault } of asked.slice(0, MAX_FAULTS)) {
      const failure = await this.#playOne({ at: first + at, fault }, wanted, request);
      if (failure !== undefined) failures.push({ ...failure, disturbance: { at, fault } });
      onPlayed?.();
    }
    return { played: Math.min(asked.length, MAX_FAULTS), omitted: Math.max(0, asked.length - MAX_FAULTS), failures };
  }

  async #playOne(
    disturbance: Disturbance,
    wanted: { readonly ending: Ending; readonly actions: readonly TestedAction[] },
    { text }: ClusterRequest,
  ): Promise<Omit<FaultFailure, "disturbance"> | undefined> {
    const { trigger } = this.#options;
    const { label, expected } = this.#case;
    try {
      const world = await replayed(this.#plan, { ...this.#options, disturbance }, this.#passed);
      await change(world, this.#case, trigger);
      const played = await settle(world);
      const unmet = [
        // It may need other patches to get there.
        ...(await judge(world, { ...expected, actions: undefined }, played, trigger)),
        ...compareEndings(wanted.ending, await endOf(world, trigger)),
        ...compareLives(wanted.actions, played.actions),
      ];
      return unmet.length === 0 ? undefined : { label, request: text, problem: "", unmet };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { label, request: text, problem, unmet: [] };
    }
  }
}

/** Runs until several runs in a row do nothing. @throws Error when that never happens */
async function settle(world: TestCluster): Promise<Played> {
  const actions: TestedAction[] = [];
  for (let [count, quiet] = [0, 0]; count < MAX_RUNS + QUIET_RUNS; count += 1) {
    const isDone = await world.tryRun();
    const run = world.takeRuns();
    actions.push(...run.actions);
    quiet = isDone && run.actions.length === 0 ? quiet + 1 : 0;
    if (quiet === QUIET_RUNS) return { outcome: run.outcome, actions };
    await world.advance(PAUSE_SECONDS);
  }
  throw unsettled(MAX_RUNS, actions);
}

async function endOf(world: TestCluster, trigger: ObjectName): Promise<Ending> {
  const uid = textMember((await world.find(trigger))?.["metadata"], "uid");
  const isTrigger = (object: JsonObject) => textMember(object["metadata"], "uid") === uid;
  return endingOf(await world.objects(), isTrigger);
}
