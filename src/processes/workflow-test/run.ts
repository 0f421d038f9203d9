/**
 * Runs a WorkflowTest: its cases in order, each on the cluster that the one before left. A variant, and every case after
 * one, starts from a cluster built anew by the same steps: time and names in it are made up, so it is the same cluster.
 */
import { textMember, type JsonObject } from "../../core/json.ts";
import type { CoverageRecorder } from "../../core/coverage/recorder.ts";
import { formatApiVersion } from "../../core/object-key.ts";
import type { NotOk, Outcome } from "../../core/outcome.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { actionText, judgeCase, type Unmet } from "../../core/workflow-test/judge.ts";
import {
  nameOf,
  type ObjectName,
  type TestedAction,
  type WorkflowCasePlan,
  type WorkflowTestPlan,
} from "../../core/workflow-test/prepare.ts";
import { servedKinds } from "./kinds.ts";
import { TestCluster, type TestClusterOptions } from "./test-cluster.ts";

export interface WorkflowCaseResult {
  readonly label: string;
  readonly skipped: boolean;
  readonly pass: boolean;
  /** Why the case could not be run to its end; "" when it could. */
  readonly problem: string;
  readonly unmet: readonly Unmet[];
  /** Of the last run. */
  readonly outcome: Outcome<unknown> | undefined;
}

export interface WorkflowTestResult {
  readonly success: boolean;
  /** Why the Workflow could not be tested at all. */
  readonly workflowOutcome: NotOk | undefined;
  readonly cases: readonly WorkflowCaseResult[];
  /** How many cases a failing one kept from being run. */
  readonly casesNotReached: number;
}

export interface WorkflowTestOptions {
  /** Where the functions are. */
  readonly catalog: Catalog;
  /** CustomResourceDefinitions: what they say of their kinds counts. */
  readonly crds: readonly JsonObject[];
  /** Counts what the cases exercise. */
  readonly coverage?: CoverageRecorder | undefined;
}

/** After so many runs that all wrote something a case gives up: on a cluster this would be a hot loop. */
const MAX_RUNS = 20;

export async function runWorkflowTest(
  plan: WorkflowTestPlan,
  options: WorkflowTestOptions,
): Promise<WorkflowTestResult> {
  const { workflowUnderTest } = plan;
  const { coverage } = options;
  if (workflowUnderTest.kind === "notReady") {
    const workflowOutcome = workflowUnderTest.outcome;
    return { success: false, workflowOutcome, cases: [], casesNotReached: plan.cases.length };
  }
  const { plan: workflow, trigger: kind } = workflowUnderTest.plan;
  const metadata = plan.trigger["metadata"];
  const trigger = {
    ...{ apiVersion: formatApiVersion(kind), kind: kind.kind },
    ...{ namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") },
  };
  const cluster: TestClusterOptions = {
    types: servedKinds(plan, kind, options.catalog, options.crds),
    catalog: options.catalog.withOnly(coverage?.watchWorkflow(workflow) ?? workflow),
    trigger,
    onCall: ({ workflow: caller, step }) => coverage?.stepRan(caller, step),
    onWrite: (writer, action) => coverage?.wrote(writer, action),
  };
  const cases: WorkflowCaseResult[] = [];
  const passed: WorkflowCasePlan[] = [];
  let world: TestCluster | undefined;
  for (const testCase of plan.cases) {
    if (testCase.skip) {
      cases.push({ label: testCase.label, skipped: true, pass: true, problem: "", unmet: [], outcome: undefined });
      continue;
    }
    const open = async () => (world ??= await replayed(plan, cluster, passed));
    const result = await runCase(open, testCase, trigger);
    cases.push(result);
    if (testCase.variant) world = undefined;
    else if (result.pass) passed.push(testCase);
    else break;
  }
  const casesNotReached = plan.cases.length - cases.length;
  return { success: cases.every(({ pass }) => pass), workflowOutcome: undefined, cases, casesNotReached };
}

/** A cluster as these cases, which all passed, leave it. */
async function replayed(
  plan: WorkflowTestPlan,
  options: TestClusterOptions,
  passed: readonly WorkflowCasePlan[],
): Promise<TestCluster> {
  const { trigger } = options;
  const world = new TestCluster(options);
  for (const [index, object] of plan.objects.entries()) await at(`spec.objects[${index}]`, world.apply(object));
  await at("spec.trigger", world.apply({ ...plan.trigger, apiVersion: trigger.apiVersion, kind: trigger.kind }));
  for (const testCase of passed) await play(world, testCase, trigger);
  return world;
}

async function runCase(
  open: () => Promise<TestCluster>,
  testCase: WorkflowCasePlan,
  trigger: ObjectName,
): Promise<WorkflowCaseResult> {
  const { label, expected } = testCase;
  try {
    const world = await open();
    const { outcome, actions } = await play(world, testCase, trigger);
    const names = [...expected.absent, ...expected.objects.map(nameOf)];
    const found = new Map<string, JsonObject | undefined>();
    for (const name of names) found.set(JSON.stringify(name), await world.find(name));
    const unmet = judgeCase(expected, {
      ...{ outcome, actions, namespace: trigger.namespace, trigger: await world.find(trigger) },
      find: (name) => found.get(JSON.stringify(name)),
    });
    return { label, skipped: false, pass: unmet.length === 0, problem: "", unmet, outcome };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { label, skipped: false, pass: false, problem, unmet: [], outcome: undefined };
  }
}

interface Played {
  readonly outcome: Outcome<unknown> | undefined;
  readonly actions: readonly TestedAction[];
}

/** What the case changes, then the Workflow until it has nothing more to do. @throws Error when it cannot be played */
async function play(world: TestCluster, testCase: WorkflowCasePlan, trigger: ObjectName): Promise<Played> {
  const { apply, remove, advanceSeconds, runs } = testCase;
  if (testCase.trigger !== undefined) {
    await at("trigger", world.apply(addressed(testCase.trigger, trigger)));
  }
  for (const [index, object] of apply.entries()) await at(`apply[${index}]`, world.apply(object));
  for (const [index, name] of remove.entries()) await at(`delete[${index}]`, world.delete(name));
  await world.advance(advanceSeconds);
  const actions: TestedAction[] = [];
  let outcome: Outcome<unknown> | undefined;
  for (let count = 0; count < (runs ?? MAX_RUNS); count += 1) {
    const run = await world.run();
    outcome = run.outcome;
    actions.push(...run.actions);
    if (runs === undefined && run.actions.length === 0) return { outcome, actions };
  }
  if (runs !== undefined) return { outcome, actions };
  const last = actions.slice(-3).map(actionText);
  throw new Error(`the Workflow does not settle: each of ${MAX_RUNS} runs wrote something, at last ${last.join(", ")}`);
}

/** The cluster's refusal, with the place in the test that it is about. */
async function at<T>(place: string, act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A patch of the trigger as an object that names it. */
function addressed(patch: JsonObject, { apiVersion, kind, namespace, name }: ObjectName): JsonObject {
  const metadata = { ...(patch["metadata"] as JsonObject | undefined), name, ...(namespace !== "" && { namespace }) };
  return { ...patch, apiVersion, kind, metadata };
}
