/** Decides whether the cluster is as a WorkflowTest's case expects, and if not, lists every place that differs. */
import { compareExactly, compareGiven, type Differences } from "../function-test/compare.ts";
import { outcomeMatches, outcomeMismatch } from "../function-test/expected-outcome.ts";
import { type JsonObject, memberAt, textMember } from "../json.ts";
import { conditionsIn } from "../status/condition.ts";
import type { Outcome } from "../outcome.ts";
import { nameOf, type ExpectedCondition, type Expectations, type ObjectName, type TestedAction } from "./prepare.ts";

/** What a case left behind. */
export interface ObservedCluster {
  /** Outcome of the last run; undefined when the Workflow did not run. */
  readonly outcome: Outcome<unknown> | undefined;
  /** Undefined once the trigger is deleted. */
  readonly trigger: JsonObject | undefined;
  /** Namespace of the trigger; "" for a cluster-scoped one. */
  readonly namespace: string;
  /** Writes to other objects, in order. */
  readonly actions: readonly TestedAction[];
  /** Finds an object; without a namespace it searches the trigger's. */
  find(name: ObjectName): JsonObject | undefined;
}

/** An expectation that is not met: its path below the case, and the differences. */
export interface Unmet {
  readonly path: string;
  readonly differences: Differences;
}

/** @returns the expectations that are not met; empty when the case passes */
export function judgeCase(expected: Expectations, observed: ObservedCluster): readonly Unmet[] {
  const { conditions, state, objects, absent, actions } = expected;
  return [
    ...judgeOutcome(expected, observed),
    ...conditions.flatMap((condition) => judgeCondition(condition, observed.trigger)),
    ...unmet("expectState", state && compareExactly(state, memberAt(observed.trigger, ["status", "state"]) ?? {})),
    ...objects.flatMap((object) => judgeObject(object, observed)),
    ...absent.flatMap((name) => unmet(`expectAbsent ${nameText(name)}`, observed.find(name) && "it is there")),
    ...(actions === undefined ? [] : judgeActions(actions, observed)),
  ];
}

function unmet(path: string, differences: Differences | undefined): readonly Unmet[] {
  return differences === undefined ? [] : [{ path, differences }];
}

function judgeOutcome({ outcome: wanted }: Expectations, { outcome }: ObservedCluster): readonly Unmet[] {
  if (wanted === undefined) return [];
  if (outcome === undefined) return unmet("expectOutcome", "the Workflow did not run");
  return outcomeMatches(wanted, outcome) ? [] : unmet("expectOutcome", outcomeMismatch(wanted, outcome));
}

function judgeCondition(wanted: ExpectedCondition, trigger: JsonObject | undefined): readonly Unmet[] {
  const path = `expectConditions ${wanted.type}`;
  const conditions = trigger === undefined ? [] : conditionsIn(trigger);
  const found = conditions.find((each) => textMember(each, "type") === wanted.type);
  if (found === undefined) {
    const types = conditions.map((each) => textMember(each, "type")).join(", ");
    return unmet(path, `there is no such condition, only ${types || "none at all"}`);
  }
  const differences: Record<string, string> = {};
  for (const name of ["status", "reason"] as const) {
    const is = textMember(found, name);
    if (wanted[name] !== "" && wanted[name] !== is) differences[name] = `expected '${wanted[name]}' but found '${is}'`;
  }
  const message = textMember(found, "message");
  if (!message.toLowerCase().includes(wanted.message.toLowerCase())) {
    differences["message"] = `expected '${wanted.message}' in '${message}'`;
  }
  return unmet(path, Object.keys(differences).length === 0 ? undefined : differences);
}

function judgeObject(wanted: JsonObject, observed: ObservedCluster): readonly Unmet[] {
  const name = nameOf(wanted);
  const path = `expectObjects ${nameText(name)}`;
  const found = observed.find(name);
  if (found === undefined) return unmet(path, "it is not there");
  return unmet(path, compareGiven(wanted, { ...found, apiVersion: name.apiVersion, kind: name.kind }));
}

/** Steps run concurrently, so nothing promises the order of writes. */
function judgeActions(wanted: readonly TestedAction[], { actions, namespace }: ObservedCluster): readonly Unmet[] {
  const left = [...actions];
  const missing = wanted.filter((action) => {
    const index = left.findIndex((each) => isSame(action, each, namespace));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  const differences = [
    ...missing.map((action) => `expected, and not done: ${actionText(action)}`),
    ...left.map((action) => `done, and not expected: ${actionText(action)}`),
  ];
  return differences.length === 0 ? [] : differences.map((text) => ({ path: "expectActions", differences: text }));
}

function isSame(wanted: TestedAction, done: TestedAction, namespace: string): boolean {
  const isThere = wanted.namespace === done.namespace || (wanted.namespace === "" && done.namespace === namespace);
  return wanted.action === done.action && wanted.kind === done.kind && wanted.name === done.name && isThere;
}

/** An action in words, for messages. */
export function actionText({ action, kind, namespace, name }: TestedAction): string {
  return `${action} ${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
}

function nameText({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
}
