/**
 * Turns a FunctionTest's spec into a plan: the function under test and the cases in order, each with exactly one
 * assertion. Inputs and resources are static data; only `overlayResource` holds expressions.
 */
import { compileOverlay } from "../cel/compile.ts";
import type { OverlayProgram } from "../cel/program.ts";
import type { Value, ValueMap } from "../cel/value.ts";
import { boolField, field, listField, mapField, textField, type DefinitionSource } from "../manifest/definition.ts";
import { depSkip } from "../outcome.ts";
import { FaultList, type CompiledDefinition } from "../plan/fault-list.ts";
import type { LogicPlan, PlanIdentity, Prepared } from "../plan/plan.ts";
import { expectedOutcome, type ExpectedOutcome } from "./expected-outcome.ts";

export interface FunctionTestPlan extends PlanIdentity {
  /** When it is not ready no case runs, and it says why. */
  readonly functionUnderTest: Prepared<FunctionLogic>;
  /** The inputs of the first case. */
  readonly inputs: ValueMap | undefined;
  readonly currentResource: ValueMap | undefined;
  readonly cases: readonly TestCasePlan[];
}

/** The logic that a FunctionTest can test. */
export type FunctionLogic = Exclude<LogicPlan, { readonly kind: "workflow" }>;

export interface TestCasePlan {
  readonly label: string;
  /** Leaves no trace for later cases, and does not stop the run when it fails. */
  readonly variant: boolean;
  readonly skip: boolean;
  readonly inputOverrides: ValueMap | undefined;
  readonly currentResource: ValueMap | undefined;
  readonly overlayResource: OverlayProgram | undefined;
  readonly assertion: Assertion;
}

export type Assertion =
  | { readonly kind: "resource" | "return"; readonly expected: ValueMap }
  | { readonly kind: "outcome"; readonly expected: ExpectedOutcome }
  | { readonly kind: "delete"; readonly expected: boolean };

/** Finds the function under test; undefined when there is none. */
export type FindFunction = (kind: string, name: string) => Prepared<LogicPlan> | undefined;

/** @param contentHash - hash of `source.spec` */
export function prepareFunctionTest(
  { namespace, name, spec }: DefinitionSource,
  contentHash: string,
  find: FindFunction,
): CompiledDefinition<FunctionTestPlan> {
  const faults = new FaultList();
  const ref = field(spec, "functionRef");
  if (textField(ref, "name") === "") {
    faults.add({ path: "spec.functionRef.name", message: "Missing `functionRef.name`." }, `${name}:spec.functionRef`);
  }
  const isResourceFunction = textField(ref, "kind") === "ResourceFunction";
  const cases = listField(spec, "testCases").flatMap((item, index) => {
    const prepared = prepareCase({ item, index, test: name, isResourceFunction }, faults);
    return prepared === undefined ? [] : [prepared];
  });
  return faults.finish({
    namespace,
    name,
    contentHash,
    functionUnderTest: functionUnderTest(name, ref, find),
    inputs: mapField(spec, "inputs"),
    currentResource: mapField(spec, "currentResource"),
    cases,
  });
}

function functionUnderTest(test: string, ref: Value | undefined, find: FindFunction): Prepared<FunctionLogic> {
  const kind = textField(ref, "kind");
  const name = textField(ref, "name");
  const found = find(kind, name);
  if (found?.kind === "notReady") return found;
  if (found !== undefined && found.plan.kind !== "workflow") return { kind: "ready", plan: found.plan };
  const message = `${kind} (${name}) not found or not ready, FunctionTest '${test}' must wait.`;
  return { kind: "notReady", outcome: depSkip(message, `prepare:FunctionTest:${test}`) };
}

interface CaseRequest {
  readonly item: Value;
  readonly index: number;
  readonly test: string;
  readonly isResourceFunction: boolean;
}

function prepareCase(request: CaseRequest, faults: FaultList): TestCasePlan | undefined {
  const { item, index, test } = request;
  const variant = boolField(item, "variant", false);
  const written = textField(item, "label") || `Test Case ${index + 1}`;
  const label = variant && !/variant/i.test(written) ? `[variant] ${written}` : written;
  const path = `spec.testCases[${index}: "${written}"]`;
  const assertion = assertionOf(request, path, faults);
  const compiled = compileOverlay(field(item, "overlayResource"), `${path}.overlayResource`);
  const overlayResource = faults.take(compiled, `FunctionTest:${test}:${path}.overlayResource`);
  if (assertion === undefined) return undefined;
  return {
    label,
    variant,
    skip: boolField(item, "skip", false),
    inputOverrides: mapField(item, "inputOverrides"),
    currentResource: mapField(item, "currentResource"),
    overlayResource,
    assertion,
  };
}

const ASSERTIONS = ["expectResource", "expectReturn", "expectOutcome", "expectDelete"] as const;

function assertionOf(
  { item, test, isResourceFunction }: CaseRequest,
  path: string,
  faults: FaultList,
): Assertion | undefined {
  const refuse = (at: string, message: string): Assertion | undefined => {
    faults.add({ path: at, message: `\`${at}\` ${message}` }, `FunctionTest:${test}:${at}`);
    return undefined;
  };
  const given = ASSERTIONS.filter((name) => field(item, name) !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) {
    return refuse(
      path,
      "must contain exactly one assertion (`expectResource`, `expectReturn`, `expectOutcome`, or `expectDelete`).",
    );
  }
  const at = `${path}.${name}`;
  if ((name === "expectResource" || name === "expectDelete") && !isResourceFunction) {
    return refuse(at, "only valid for `ResourceFunction` tests.");
  }
  if (name === "expectDelete") return { kind: "delete", expected: boolField(item, name, false) };
  if (name === "expectOutcome") {
    const expected = expectedOutcome(field(item, name));
    return expected === undefined ? refuse(at, "must be a valid outcome.") : { kind: "outcome", expected };
  }
  const expected = mapField(item, name) ?? {};
  if (Object.keys(expected).length === 0) return refuse(at, "may not be an empty object.");
  return { kind: name === "expectResource" ? "resource" : "return", expected };
}
