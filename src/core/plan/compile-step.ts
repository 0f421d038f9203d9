/**
 * One entry of `spec.steps` to its plan: logic, expressions, condition, and the earlier steps it depends on, found in the
 * syntax trees. The first problem decides what the step comes to; all of them are reported on the definition.
 */
import { compileFragment } from "../cel/compile.ts";
import type { CompiledFragment, Program } from "../cel/program.ts";
import { isPlainMap, type Value } from "../cel/value.ts";
import { boolField, field, listField, mapField, textField } from "../manifest/definition.ts";
import { permFail, retry } from "../outcome.ts";
import { FaultList } from "./fault-list.ts";
import type { LogicPlan, Prepared, StepLogic, StepPlan } from "./plan.ts";

/** What a reference to a logic leads to, as the definition that refers sees it. */
export type LogicLookup =
  | { readonly kind: "found"; readonly prepared: Prepared<LogicPlan> }
  | { readonly kind: "missing" }
  /** The names from the referring workflow back to itself. */
  | { readonly kind: "cycle"; readonly path: readonly string[] };

export type FindLogic = (kind: string, name: string) => LogicLookup;

/** The steps before this one. */
export interface EarlierSteps {
  /** All of them: their number is this step's index. */
  readonly labels: readonly string[];
  /** By label, the first wave above what the step takes up; without steps that could not be compiled. */
  readonly above: ReadonlyMap<string, number>;
}

/** The step that is compiled, as all of its parts see it. */
interface StepSite {
  readonly label: string;
  /** In the definition: `spec.steps[2]`. */
  readonly path: string;
  /** In Koreo's words, for where an outcome comes from: `spec.steps['net']`. */
  readonly at: string;
  readonly find: FindLogic;
  readonly faults: FaultList;
}

/** @returns the step, or undefined when `faults` took something */
export function compileStep(
  step: Value,
  earlier: EarlierSteps,
  find: FindLogic,
  faults: FaultList,
): StepPlan | undefined {
  const label = textField(step, "label");
  const path = `spec.steps[${earlier.labels.length}]`;
  const at = `spec.steps['${label}']`;
  const site: StepSite = { label, path, at, find, faults };
  if (earlier.labels.includes(label)) {
    faults.refuse(`${path}.label`, permFail(`Duplicate step-label (${label}) can not prepare Workflow.`));
  }
  const logic = compileLogic(step, site);
  const part = (compiled: CompiledFragment) => faults.take(compiled, at);
  const skipIf = part(compileFragment(field(step, "skipIf"), `${path}.skipIf`));
  const forEach = compileForEach(step, site);
  const inputs = part(compileFragment(field(step, "inputs"), `${path}.inputs`));
  const condition = conditionOf(step);
  const state = part(compileFragment(field(step, "state"), `${path}.state`));

  const switchOn = logic?.kind === "switch" ? logic.switchOn : undefined;
  const named = namedSteps([switchOn, skipIf, forEach?.itemIn, inputs, state], earlier.labels);
  const wrong = named.filter((name) => !earlier.labels.includes(name));
  if (wrong.length > 0) {
    faults.refuse(path, permFail(`Step '${label}', must come after ${wrong.join(", ")}.`, at));
  }
  if (logic === undefined || faults.outcome !== undefined) return undefined;
  return {
    label,
    dependsOn: named,
    wave: Math.max(0, ...named.map((name) => earlier.above.get(name) ?? 1)),
    inputs,
    skipIf,
    forEach,
    logic,
    condition,
    state: state === undefined ? undefined : { program: state, keys: keysOf(field(step, "state")) },
  };
}

function compileLogic(step: Value, site: StepSite): StepLogic | undefined {
  const choice = mapField(step, "refSwitch");
  if (choice !== undefined) return compileSwitch(choice, site);
  const logic = findLogic(field(step, "ref"), `${site.path}.ref`, site);
  return logic === undefined ? undefined : { kind: "ref", logic };
}

function compileSwitch(choice: Value, site: StepSite): StepLogic | undefined {
  const { path, at, faults } = site;
  const refuse = (where: string, message: string) =>
    faults.add({ path: `${path}.refSwitch`, message: `${message}, can not prepare Workflow.` }, where);
  const switchOn = faults.take(compileFragment(field(choice, "switchOn"), `${path}.refSwitch.switchOn`), at);
  if (textField(choice, "switchOn") === "") refuse(`${at}.switchOn`, `Missing \`${at}.switchOn\``);

  const cases = new Map<string, LogicPlan>();
  let otherwise: LogicPlan | undefined;
  let defaults = 0;
  for (const [index, item] of listField(choice, "cases").entries()) {
    const logic = findLogic(item, `${path}.refSwitch.cases[${index}]`, site);
    const isDefault = boolField(item, "default", false);
    if (isDefault && (defaults += 1) > 1) {
      refuse(`${at}.cases[${index}].default`, `Only one case in \`${at}.cases\` may be default`);
    }
    if (logic === undefined) continue;
    cases.set(textField(item, "case"), logic);
    if (isDefault) otherwise = logic;
  }
  if (listField(choice, "cases").length === 0) {
    refuse(`${at}.cases`, `Must specify at least one case in \`${at}.cases\``);
  }
  return switchOn === undefined ? undefined : { kind: "switch", switchOn, cases, otherwise };
}

/** Koreo's delays while a logic is missing, and while it cannot run, in seconds. */
const MISSING_RETRY_SECONDS = 15;
const UNHEALTHY_RETRY_SECONDS = 180;

/** @param path - where the definition refers to it */
function findLogic(ref: Value | undefined, path: string, { at, find, faults }: StepSite): LogicPlan | undefined {
  const kind = textField(ref, "kind");
  const name = textField(ref, "name");
  const found = find(kind, name);
  const where = `${at}.${kind}:${name}`;
  switch (found.kind) {
    case "missing":
      faults.refuse(path, retry(MISSING_RETRY_SECONDS, `'${kind}:${name}' not cached; will retry.`, where));
      return undefined;
    case "cycle":
      faults.refuse(
        path,
        permFail(
          `Workflows call each other in a circle (${found.path.join(" -> ")}); take one of these calls out.`,
          where,
        ),
      );
      return undefined;
    case "found": {
      const { prepared } = found;
      if (prepared.kind === "ready") return prepared.plan;
      const message = `'${kind}:${name}' is not healthy (${prepared.outcome.message ?? "None"}); will retry.`;
      faults.refuse(path, retry(UNHEALTHY_RETRY_SECONDS, message, where));
      return undefined;
    }
  }
}

function compileForEach(step: Value, { label, path, at, faults }: StepSite): StepPlan["forEach"] {
  const forEach = mapField(step, "forEach");
  if (forEach === undefined) return undefined;
  const inputKey = textField(forEach, "inputKey");
  const compiled = compileFragment(field(forEach, "itemIn"), `${path}.forEach.itemIn`);
  const itemIn = faults.take(compiled, `${at}.forEach.itemIn`);
  const refuse = (member: string, word: string) =>
    faults.add(
      {
        path: `${path}.forEach.${member}`,
        message: `${word} \`${label}.forEach.${member}\`, can not prepare Workflow.`,
      },
      `${at}.forEach.${member}`,
    );
  if (compiled.kind === "absent") refuse("itemIn", "Empty");
  if (inputKey === "") refuse("inputKey", "Missing");
  return itemIn === undefined ? undefined : { itemIn, inputKey };
}

function conditionOf(step: Value): StepPlan["condition"] {
  const condition = mapField(step, "condition");
  if (condition === undefined) return undefined;
  return { type: textField(condition, "type"), name: textField(condition, "name") };
}

function keysOf(state: Value | undefined): readonly string[] {
  return isPlainMap(state) ? Object.keys(state) : [];
}

/** Labels after `steps.`, in order of first mention. An index only known at run time may mean any earlier step. */
function namedSteps(programs: readonly (Program | undefined)[], earlier: readonly string[]): readonly string[] {
  const names = programs
    .flatMap((program) => program?.references ?? [])
    .filter((reference) => reference[0] === "steps" && reference.length > 1)
    .flatMap(([, name]) => (name === null ? earlier : [String(name)]));
  return [...new Set(names)];
}
