/**
 * Runs a FunctionTest: its cases in order against a mock API that holds at most one object. Each case starts from what
 * the one before left, like successive passes of a control loop. Pure; `koreo test` and the conformance corpus use it.
 */
import { put } from "../cel/maps.ts";
import { isFault, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { outcomeText, type NotOk, type Outcome } from "../outcome.ts";
import { faultOutcome } from "../plan/evaluate.ts";
import { evaluateValueFunction } from "../plan/value-function.ts";
import type { FindTemplate } from "../resource/render.ts";
import { judge, type Verdict } from "./judge.ts";
import { runResourceFunction, type MockAnswer } from "./mock-api.ts";
import type { FunctionLogic, FunctionTestPlan, TestCasePlan } from "./prepare.ts";

/** The result of one case. */
export interface TestCaseResult extends Verdict {
  readonly label: string;
  /** Undefined when the function did not run: the case is skipped, or its resource could not be made. */
  readonly outcome: Outcome<Value> | undefined;
  readonly answer: MockAnswer | undefined;
  readonly skipped: boolean;
  /** The run ends here, because later cases cannot be trusted: the case failed and is no variant. */
  readonly isFatal: boolean;
}

export interface RunOptions {
  /** Also runs the cases after a fatal one; the test has failed nevertheless. */
  readonly keepGoing?: boolean;
}

export interface FunctionTestResult {
  readonly success: boolean;
  /** Why the function could not be tested at all. */
  readonly functionOutcome: NotOk | undefined;
  readonly cases: readonly TestCaseResult[];
  /** How many cases did not run because an earlier one failed. */
  readonly casesNotReached: number;
}

/** What one case passes to the next. */
interface Carried {
  readonly inputs: ValueMap | undefined;
  readonly resource: ValueMap | undefined;
}

/**
 * @param plan - every location starts with its name
 * @param templates - finds templates as the function sees them
 */
export function runFunctionTest(
  plan: FunctionTestPlan,
  templates: FindTemplate,
  { keepGoing = false }: RunOptions = {},
): FunctionTestResult {
  const { functionUnderTest } = plan;
  if (functionUnderTest.kind === "notReady") {
    return {
      success: false,
      functionOutcome: functionUnderTest.outcome,
      cases: [],
      casesNotReached: plan.cases.length,
    };
  }
  const cases: TestCaseResult[] = [];
  let carried: Carried = { inputs: plan.inputs, resource: plan.currentResource };
  for (const [index, testCase] of plan.cases.entries()) {
    const location = `${plan.name}.testCases[${index}]`;
    const ran = runCase(functionUnderTest.plan, testCase, carried, { location, templates });
    cases.push(ran.result);
    carried = ran.carried;
    if (ran.result.isFatal && !keepGoing) break;
  }
  const casesNotReached = plan.cases.length - cases.length;
  const success = casesNotReached === 0 && cases.every((each) => each.pass);
  return { success, functionOutcome: undefined, cases, casesNotReached };
}

interface CaseContext {
  readonly location: string;
  readonly templates: FindTemplate;
}

interface RanCase {
  readonly result: TestCaseResult;
  readonly carried: Carried;
}

function runCase(logic: FunctionLogic, testCase: TestCasePlan, carried: Carried, context: CaseContext): RanCase {
  const { label, variant, skip } = testCase;
  const nothing = { label, outcome: undefined, answer: undefined, skipped: false, isFatal: false };
  if (skip) return { result: { ...nothing, pass: true, message: "user skipped", skipped: true }, carried };
  // 1. Find what the function sees.
  const inputs = inputsOf(testCase, carried);
  const resource = resourceOf(testCase, carried, inputs);
  if (resource.kind === "refused") {
    const { message, outcome, isFatal } = resource;
    return { result: { ...nothing, outcome, pass: false, message, isFatal: isFatal || !variant }, carried };
  }
  // 2. Run the function.
  const answer = runLogic(logic, inputs, resource.value, context);
  // 3. Compare the result with what the case expects.
  const verdict = judge(testCase.assertion, answer);
  const isFatal = !variant && !verdict.pass;
  const result = { label, outcome: answer.outcome, answer, skipped: false, isFatal, ...verdict };
  // 4. Decide what the next case starts from.
  if (variant) return { result, carried };
  const left = answer.materialized ?? resource.value;
  return { result, carried: { inputs, resource: left } };
}

function runLogic(
  logic: FunctionLogic,
  inputs: ValueMap,
  resource: ValueMap | undefined,
  { location, templates }: CaseContext,
): MockAnswer {
  if (logic.kind === "resource")
    return runResourceFunction({ plan: logic.plan, inputs, resource, location, templates });
  const outcome = evaluateValueFunction(logic.plan, inputs, location, resource ?? {});
  return { outcome, materialized: undefined, request: undefined, deleted: false };
}

/** The inputs of a case: the carried ones with its overrides on top. */
function inputsOf({ inputOverrides }: TestCasePlan, { inputs }: Carried): ValueMap {
  if (inputs === undefined || inputOverrides === undefined) return inputOverrides ?? inputs ?? {};
  return overlaid(inputs, inputOverrides);
}

function overlaid(base: ValueMap, over: ValueMap): ValueMap {
  const result = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const under = Object.hasOwn(base, name) ? base[name] : undefined;
    put(result, name, isPlainMap(under) && isPlainMap(value) ? overlaid(under, value) : value);
  }
  return result;
}

type CaseResource =
  | { readonly kind: "resource"; readonly value: ValueMap | undefined }
  | {
      readonly kind: "refused";
      readonly message: string;
      readonly outcome: NotOk | undefined;
      readonly isFatal: boolean;
    };

/** The object of a case: an overlay over the carried one, else its own, else the carried one; an empty map is none. */
function resourceOf(
  { label, overlayResource, currentResource }: TestCasePlan,
  carried: Carried,
  inputs: ValueMap,
): CaseResource {
  const before = isEmpty(carried.resource) ? undefined : carried.resource;
  if (overlayResource === undefined) {
    return { kind: "resource", value: isEmpty(currentResource) ? before : currentResource };
  }
  if (before === undefined) {
    const message =
      "Can not overlay until the full resource exists. Try setting `currentResource` or reordering test cases.";
    return { kind: "refused", message, outcome: undefined, isFatal: true };
  }
  // Koreo knows the inputs only by their own names; its documentation says `inputs` and `template`.
  const scope = { ...inputs, inputs, template: before, resource: before };
  const value = overlayResource.apply(before, scope);
  if (!isFault(value)) return { kind: "resource", value: isPlainMap(value) ? value : before };
  const outcome = faultOutcome(value, `${label}:overlayResource`);
  const message = `Could not run test case due to resource overlay error: (${outcomeText(outcome)})`;
  return { kind: "refused", message, outcome, isFatal: false };
}

function isEmpty(map: ValueMap | undefined): boolean {
  return map === undefined || Object.keys(map).length === 0;
}
