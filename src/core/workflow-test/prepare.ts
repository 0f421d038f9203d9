/**
 * Turns a WorkflowTest's spec into a plan: the Workflow under test, the initial cluster, and the cases in order. All of
 * it is static data; nothing in a WorkflowTest is an expression.
 */
import { toJson } from "../cel/text.ts";
import { isFault, type Value } from "../cel/value.ts";
import { expectedOutcome, type ExpectedOutcome } from "../function-test/expected-outcome.ts";
import { isJsonObject, member, memberAt, textMember, type JsonObject } from "../json.ts";
import { boolField, field, intField, listField, textField, type DefinitionSource } from "../manifest/definition.ts";
import { ANNOTATION } from "../names.ts";
import { formatApiVersion, type GroupVersionKind } from "../object-key.ts";
import { depSkip } from "../outcome.ts";
import { FaultList, type CompiledDefinition } from "../plan/fault-list.ts";
import type { PlanIdentity, Prepared, WorkflowPlan } from "../plan/plan.ts";

export interface WorkflowTestPlan extends PlanIdentity {
  /** When it is not ready no case runs, and it says why. */
  readonly workflowUnderTest: Prepared<TestedWorkflow>;
  /** Exists before the first case; without apiVersion and kind if the author omitted them. */
  readonly trigger: JsonObject;
  readonly objects: readonly JsonObject[];
  readonly cases: readonly WorkflowCasePlan[];
}

/** A Workflow that something can trigger. */
export interface TestedWorkflow {
  readonly plan: WorkflowPlan;
  readonly trigger: GroupVersionKind;
}

/** What others do, how the Workflow then runs, and what must hold afterwards. */
export interface WorkflowCasePlan {
  readonly label: string;
  /** Leaves no trace for later cases, and does not stop the run when it fails. */
  readonly variant: boolean;
  readonly skip: boolean;
  /** Merged over the trigger. */
  readonly trigger: JsonObject | undefined;
  readonly apply: readonly JsonObject[];
  readonly remove: readonly ObjectName[];
  readonly advanceSeconds: number;
  /** Undefined: run until a run writes nothing. */
  readonly runs: number | undefined;
  readonly expected: Expectations;
}

/** An object by name; `namespace` is "" when the author omitted it. */
export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The name of a whole object. */
export function nameOf(object: JsonObject): ObjectName {
  const metadata = object["metadata"];
  const [namespace, name] = [textMember(metadata, "namespace"), textMember(metadata, "name")];
  return { apiVersion: textMember(object, "apiVersion"), kind: textMember(object, "kind"), namespace, name };
}

export interface ExpectedCondition {
  readonly type: string;
  /** "" for any, as in the other two. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A write to an object that is not the trigger. */
export interface TestedAction {
  readonly action: "create" | "patch" | "delete";
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Members are undefined or empty when the author expects nothing; `actions` may be an expectation and empty. */
export interface Expectations {
  readonly outcome: ExpectedOutcome | undefined;
  readonly conditions: readonly ExpectedCondition[];
  readonly state: JsonObject | undefined;
  readonly objects: readonly JsonObject[];
  readonly absent: readonly ObjectName[];
  readonly actions: readonly TestedAction[] | undefined;
}

/** Finds the Workflow under test; undefined when there is none. */
export type FindWorkflow = (name: string) => Prepared<WorkflowPlan> | undefined;

/** @param contentHash - hash of `source.spec` */
export function prepareWorkflowTest(
  { namespace, name, spec }: DefinitionSource,
  contentHash: string,
  find: FindWorkflow,
): CompiledDefinition<WorkflowTestPlan> {
  const faults = new FaultList();
  const refuse = (path: string, message: string) =>
    faults.add({ path, message: `\`${path}\` ${message}` }, `WorkflowTest:${name}:${path}`);
  const workflowName = textField(field(spec, "workflowRef"), "name");
  if (workflowName === "") refuse("spec.workflowRef.name", "is missing.");
  const trigger = jsonMap(field(spec, "trigger")) ?? {};
  if (textMember(trigger["metadata"], "name") === "") refuse("spec.trigger.metadata.name", "is missing.");
  const objects = objectsOf(spec, "objects", "spec", refuse);
  const cases = listField(spec, "testCases").map((item, index) => caseOf(item, index, refuse));
  const workflowUnderTest = underTest(name, workflowName, find);
  if (workflowUnderTest.kind === "ready") {
    const { trigger: kind } = workflowUnderTest.plan;
    const wanted = { apiVersion: formatApiVersion(kind), kind: kind.kind };
    for (const [member, text] of Object.entries(wanted)) {
      const given = textMember(trigger, member) || text;
      if (given !== text) refuse(`spec.trigger.${member}`, `is ${given}, but the Workflow is for ${text}.`);
    }
  }
  refuseOtherTriggers(trigger, cases, workflowName, refuse);
  return faults.finish({ namespace, name, contentHash, workflowUnderTest, trigger, objects, cases });
}

/** A test has one trigger and one Workflow: anything that would change either is a mistake. */
function refuseOtherTriggers(
  trigger: JsonObject,
  cases: readonly WorkflowCasePlan[],
  workflowName: string,
  refuse: Refuse,
): void {
  const places = [
    { path: "spec.trigger", object: trigger },
    ...cases.flatMap(({ trigger: object, label }, index) =>
      object === undefined ? [] : [{ path: `spec.testCases[${index}: "${label}"].trigger`, object }],
    ),
  ];
  for (const { path, object } of places) {
    const metadata = object["metadata"] ?? {};
    if (!isJsonObject(metadata)) refuse(`${path}.metadata`, "must be a map.");
    const asked = textMember(member(metadata, "annotations"), ANNOTATION.workflow);
    if (asked !== "" && asked !== workflowName) {
      refuse(`${path}.metadata.annotations`, `names the Workflow ${asked}, but the test is about ${workflowName}.`);
    }
    if (object === trigger) continue;
    for (const at of [["apiVersion"], ["kind"], ["metadata", "name"], ["metadata", "namespace"]]) {
      const [before, after] = [memberAt(trigger, at), memberAt(object, at)];
      if (after !== undefined && after !== before) refuse(`${path}.${at.join(".")}`, "is not that of spec.trigger.");
    }
  }
}

function underTest(test: string, name: string, find: FindWorkflow): Prepared<TestedWorkflow> {
  const notReady = (message: string) =>
    ({ kind: "notReady", outcome: depSkip(message, `prepare:WorkflowTest:${test}`) }) as const;
  const found = find(name);
  if (found?.kind === "notReady") return found;
  if (found === undefined) return notReady(`Workflow (${name}) not found, WorkflowTest '${test}' must wait.`);
  const { plan } = found;
  if (plan.trigger === undefined)
    return notReady(`Workflow (${name}) has no crdRef with a group, a version and a kind: nothing can trigger it.`);
  return { kind: "ready", plan: { plan, trigger: plan.trigger } };
}

type Refuse = (path: string, message: string) => void;

function caseOf(item: Value, index: number, refuse: Refuse): WorkflowCasePlan {
  const label = textField(item, "label") || `Test Case ${index + 1}`;
  const path = `spec.testCases[${index}: "${label}"]`;
  const variant = boolField(item, "variant", false);
  return {
    label: variant && !/variant/i.test(label) ? `[variant] ${label}` : label,
    variant,
    skip: boolField(item, "skip", false),
    trigger: jsonMap(field(item, "trigger")),
    apply: objectsOf(item, "apply", path, refuse),
    remove: listField(item, "delete").map(objectName),
    advanceSeconds: intField(item, "advanceSeconds", 0),
    runs: field(item, "runs") === undefined ? undefined : intField(item, "runs", 0),
    expected: expectationsOf(item, path, refuse),
  };
}

function expectationsOf(item: Value, path: string, refuse: Refuse): Expectations {
  const written = field(item, "expectOutcome");
  const outcome = expectedOutcome(written);
  if (written !== undefined && outcome === undefined) refuse(`${path}.expectOutcome`, "must be a valid outcome.");
  const conditions = listField(item, "expectConditions").map((each) => ({
    type: textField(each, "type"),
    status: textField(each, "status"),
    reason: textField(each, "reason"),
    message: textField(each, "message"),
  }));
  const expected = {
    outcome,
    conditions,
    state: jsonMap(field(item, "expectState")),
    objects: objectsOf(item, "expectObjects", path, refuse),
    absent: listField(item, "expectAbsent").map(objectName),
    actions:
      field(item, "expectActions") === undefined ? undefined : listField(item, "expectActions").flatMap(actionOf),
  };
  const { state, objects, absent, actions } = expected;
  const isNothing = conditions.length + objects.length + absent.length === 0;
  if (written === undefined && state === undefined && actions === undefined && isNothing) {
    refuse(
      path,
      "must expect something (`expectOutcome`, `expectConditions`, `expectState`, `expectObjects`, `expectAbsent` or `expectActions`).",
    );
  }
  return expected;
}

function actionOf(item: Value): TestedAction[] {
  const action = textField(item, "action");
  if (action !== "create" && action !== "patch" && action !== "delete") return [];
  const [kind, name, namespace] = [textField(item, "kind"), textField(item, "name"), textField(item, "namespace")];
  return [{ action, kind, name, namespace }];
}

function objectName(item: Value): ObjectName {
  const [apiVersion, kind] = [textField(item, "apiVersion"), textField(item, "kind")];
  return { apiVersion, kind, namespace: textField(item, "namespace"), name: textField(item, "name") };
}

/** Whole objects; refuses one without identity. */
function objectsOf(owner: Value, name: string, path: string, refuse: Refuse): readonly JsonObject[] {
  return listField(owner, name).flatMap((item, index) => {
    const object = jsonMap(item) ?? {};
    const identity = [["apiVersion"], ["kind"], ["metadata", "name"]];
    const missing = identity.filter((at) => typeof memberAt(object, at) !== "string").map((at) => at.join("."));
    if (missing.length === 0) return [object];
    refuse(`${path}.${name}[${index}]`, `must have ${missing.join(", ")}.`);
    return [];
  });
}

function jsonMap(value: Value | undefined): JsonObject | undefined {
  const json = value === undefined ? undefined : toJson(value);
  return json !== undefined && !isFault(json) && isJsonObject(json) ? json : undefined;
}
