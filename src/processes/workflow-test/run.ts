/**
 * Runs a WorkflowTest: its cases in order, each on the cluster that the one before left. After a variant, the next case
 * starts from a cluster rebuilt by the same steps: time and names in it are artificial, so it is the same cluster.
 */
import type { JsonObject } from "../../core/json.ts";
import type { CoverageRecorder } from "../../core/coverage/recorder.ts";
import type { NotOk, Outcome } from "../../core/outcome.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { Unmet } from "../../core/workflow-test/judge.ts";
import type { ObjectName, WorkflowCasePlan, WorkflowTestPlan } from "../../core/workflow-test/prepare.ts";
import { servedKinds } from "./kinds.ts";
import { judge, play, replayed, triggerOf } from "./stage.ts";
import type { TestCluster, TestClusterOptions } from "./test-cluster.ts";

export interface WorkflowCaseResult {
  readonly label: string;
  readonly skipped: boolean;
  readonly pass: boolean;
  /** Why the case could not be run to its end; "" when it could. */
  readonly problem: string;
  readonly unmet: readonly Unmet[];
  /** Outcome of the last run. */
  readonly outcome: Outcome<unknown> | undefined;
}

export interface WorkflowTestResult {
  readonly success: boolean;
  /** Why the Workflow could not be tested at all. */
  readonly workflowOutcome: NotOk | undefined;
  readonly cases: readonly WorkflowCaseResult[];
  /** How many cases did not run because an earlier one failed. */
  readonly casesNotReached: number;
}

export interface WorkflowTestOptions {
  /** The catalog with the functions. */
  readonly catalog: Catalog;
  /** CustomResourceDefinitions, which define their kinds. */
  readonly crds: readonly JsonObject[];
  /** Counts what the cases exercise. */
  readonly coverage?: CoverageRecorder | undefined;
}

type ReadyWorkflow = Extract<WorkflowTestPlan["workflowUnderTest"], { readonly kind: "ready" }>["plan"];

export async function runWorkflowTest(
  plan: WorkflowTestPlan,
  options: WorkflowTestOptions,
): Promise<WorkflowTestResult> {
  const { workflowUnderTest } = plan;
  if (workflowUnderTest.kind === "notReady") {
    const workflowOutcome = workflowUnderTest.outcome;
    return { success: false, workflowOutcome, cases: [], casesNotReached: plan.cases.length };
  }
  const cluster = clusterOptions(plan, workflowUnderTest.plan, options);
  const { trigger } = cluster;
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

/** The options for the cluster of a test. */
export function clusterOptions(
  plan: WorkflowTestPlan,
  { plan: workflow, trigger: kind }: ReadyWorkflow,
  { catalog, crds, coverage }: WorkflowTestOptions,
): TestClusterOptions {
  return {
    types: servedKinds(plan, kind, catalog, crds),
    catalog: catalog.withOnly(coverage?.watchWorkflow(workflow) ?? workflow),
    trigger: triggerOf(plan, kind),
    onCall: ({ workflow: caller, step }) => coverage?.stepRan(caller, step),
    onWrite: (writer, action) => coverage?.wrote(writer, action),
  };
}

async function runCase(
  open: () => Promise<TestCluster>,
  testCase: WorkflowCasePlan,
  trigger: ObjectName,
): Promise<WorkflowCaseResult> {
  const { label, expected } = testCase;
  try {
    const world = await open();
    const played = await play(world, testCase, trigger);
    const unmet = await judge(world, expected, played, trigger);
    return { label, skipped: false, pass: unmet.length === 0, problem: "", unmet, outcome: played.outcome };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { label, skipped: false, pass: false, problem, unmet: [], outcome: undefined };
  }
}
