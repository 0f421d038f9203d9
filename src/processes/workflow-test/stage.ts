/** Where the cases of a WorkflowTest are played: a cluster as earlier cases left it, a case's changes, its judge. */
import { textMember, type JsonObject } from "../../core/json.ts";
import { formatApiVersion } from "../../core/object-key.ts";
import type { Outcome } from "../../core/outcome.ts";
import { actionText, judgeCase, type Unmet } from "../../core/workflow-test/judge.ts";
import {
  nameOf,
  type Expectations,
  type ObjectName,
  type TestedAction,
  type WorkflowCasePlan,
  type WorkflowTestPlan,
} from "../../core/workflow-test/prepare.ts";
import { TestCluster, type TestClusterOptions } from "./test-cluster.ts";

/** A case gives up after this many runs that all wrote something: on a cluster this would be a hot loop. */
export const MAX_RUNS = 20;

/** The trigger of a test, by name. */
export function triggerOf(plan: WorkflowTestPlan, kind: { group: string; version: string; kind: string }): ObjectName {
  const metadata = plan.trigger["metadata"];
  return {
    apiVersion: formatApiVersion(kind),
    kind: kind.kind,
    namespace: textMember(metadata, "namespace"),
    name: textMember(metadata, "name"),
  };
}

/** Builds a cluster by replaying these cases, which all passed. */
export async function replayed(
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

export interface Played {
  readonly outcome: Outcome<unknown> | undefined;
  readonly actions: readonly TestedAction[];
}

/** Makes the case's changes, then runs the Workflow until nothing is left to do. @throws Error when that fails */
export async function play(world: TestCluster, testCase: WorkflowCasePlan, trigger: ObjectName): Promise<Played> {
  await change(world, testCase, trigger);
  const { runs } = testCase;
  const actions: TestedAction[] = [];
  let outcome: Outcome<unknown> | undefined;
  for (let count = 0; count < (runs ?? MAX_RUNS); count += 1) {
    const run = await world.run();
    outcome = run.outcome;
    actions.push(...run.actions);
    if (runs === undefined && run.actions.length === 0) return { outcome, actions };
  }
  if (runs !== undefined) return { outcome, actions };
  throw unsettled(MAX_RUNS, actions);
}

/** Makes the changes to the cluster that others make before the case runs. */
export async function change(world: TestCluster, testCase: WorkflowCasePlan, trigger: ObjectName): Promise<void> {
  const { apply, remove, advanceSeconds } = testCase;
  if (testCase.trigger !== undefined) {
    await at("trigger", world.apply(addressed(testCase.trigger, trigger)));
  }
  for (const [index, object] of apply.entries()) await at(`apply[${index}]`, world.apply(object));
  for (const [index, name] of remove.entries()) await at(`delete[${index}]`, world.delete(name));
  await world.advance(advanceSeconds);
}

export function unsettled(runs: number, actions: readonly TestedAction[]): Error {
  if (actions.length === 0) return new Error(`the Workflow does not settle: none of ${runs} runs came to its end`);
  const last = actions.slice(-3).map(actionText).join(", ");
  return new Error(`the Workflow does not settle: each of ${runs} runs wrote something, at last ${last}`);
}

/** @returns the expectations that are not met */
export async function judge(
  world: TestCluster,
  expected: Expectations,
  { outcome, actions }: Played,
  trigger: ObjectName,
): Promise<readonly Unmet[]> {
  const names = [...expected.absent, ...expected.objects.map(nameOf)];
  const found = new Map<string, JsonObject | undefined>();
  for (const name of names) found.set(JSON.stringify(name), await world.find(name));
  return judgeCase(expected, {
    outcome,
    actions,
    namespace: trigger.namespace,
    trigger: await world.find(trigger),
    find: (name) => found.get(JSON.stringify(name)),
  });
}

/** Adds to the cluster's refusal the place in the test that it concerns. */
async function at<T>(place: string, act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A patch of the trigger, as an object with its identity. */
function addressed(patch: JsonObject, { apiVersion, kind, namespace, name }: ObjectName): JsonObject {
  const metadata = { ...(patch["metadata"] as JsonObject | undefined), name, ...(namespace !== "" && { namespace }) };
  return { ...patch, apiVersion, kind, metadata };
}
