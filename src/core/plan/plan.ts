/**
 * The compiled, frozen form of every definition kind: what a run executes. Expressions are programs, references are the
 * plans they name, defaults are filled in. Built by `catalog.ts`, read by the engine and by `core/resource`; nothing
 * here is ever changed after it was built, so plans are shared between runs and between catalogs.
 */
import type { OverlayProgram, Program } from "../cel/program.ts";
import type { JsonObject } from "../json.ts";
import type { DEFINITION_PLURALS } from "../names.ts";
import type { GroupVersionKind } from "../object-key.ts";
import type { NotOk } from "../outcome.ts";
import type { Predicates } from "./predicates.ts";

/** A definition that can run, or why it cannot; the outcome is the definition's own state. */
export type Prepared<T> =
  { readonly kind: "ready"; readonly plan: T } | { readonly kind: "notReady"; readonly outcome: NotOk };

export type DefinitionKind = keyof typeof DEFINITION_PLURALS;

/** Which definition, without its content. */
export interface DefinitionName {
  readonly kind: DefinitionKind;
  readonly namespace: string;
  readonly name: string;
}

/** A definition something was compiled from: when its hash changes, so does the plan. */
export interface DefinitionUse extends DefinitionName {
  /** Of the definition as it was found; "" when it was missing. */
  readonly contentHash: string;
}

/** What every plan carries. */
export interface PlanIdentity {
  readonly namespace: string;
  readonly name: string;
  /** Hash of the definition's own spec. */
  readonly contentHash: string;
}

/** Steps in listing order, each knowing what it waits for. */
export interface WorkflowPlan extends PlanIdentity {
  /** The kind of trigger it runs for; undefined for one that is only called by others. */
  readonly trigger: GroupVersionKind | undefined;
  /** The steps that could be compiled; complete if and only if `readiness` is undefined. */
  readonly steps: readonly StepPlan[];
  /** How many waves its steps and all that they call take up. */
  readonly depth: number;
  /** Undefined when every step is ready; else what the whole workflow comes to without running anything. */
  readonly readiness: NotOk | undefined;
  /** Hash over the workflow and everything it uses, transitively. */
  readonly planHash: string;
  /** Everything it uses, transitively, itself first. Templates named by literal text are among it. */
  readonly uses: readonly DefinitionUse[];
}

export interface StepPlan {
  readonly label: string;
  /** Labels of earlier steps, in order of first mention. */
  readonly dependsOn: readonly string[];
  /**
   * Layer in the dependency graph: 0 without dependencies, else above all waves that these take up, with those of the
   * sub-workflows they may call: then one step's objects go before all that the steps below it have made.
   */
  readonly wave: number;
  readonly inputs: Program | undefined;
  readonly skipIf: Program | undefined;
  readonly forEach: { readonly itemIn: Program; readonly inputKey: string } | undefined;
  readonly logic: StepLogic;
  readonly condition: { readonly type: string; readonly name: string } | undefined;
  readonly state: StepState | undefined;
}

/** The map a step adds to the workflow's state; evaluated with `value`, the step's result. */
export interface StepState {
  readonly program: Program;
  /** The top-level keys it sets, known without evaluating. */
  readonly keys: readonly string[];
}

/** One logic, or one of several by the value of an expression. */
export type StepLogic =
  | { readonly kind: "ref"; readonly logic: LogicPlan }
  | {
      readonly kind: "switch";
      readonly switchOn: Program;
      readonly cases: ReadonlyMap<string, LogicPlan>;
      readonly otherwise: LogicPlan | undefined;
    };

/** What a step can call. */
export type LogicPlan =
  | { readonly kind: "value"; readonly plan: ValueFunctionPlan }
  | { readonly kind: "resource"; readonly plan: ResourceFunctionPlan }
  | { readonly kind: "workflow"; readonly plan: WorkflowPlan };

export interface ValueFunctionPlan extends PlanIdentity {
  readonly preconditions: Predicates | undefined;
  readonly locals: Program | undefined;
  readonly returns: OverlayProgram | undefined;
  /** First path elements of every `inputs.x` it mentions, sorted. */
  readonly inputNames: readonly string[];
}

export interface ResourceFunctionPlan extends PlanIdentity {
  readonly preconditions: Predicates | undefined;
  readonly locals: Program | undefined;
  readonly api: ApiPlan;
  readonly base: BasePlan;
  /** Not ready when an overlay cannot be used: the function comes to that outcome when it reaches its overlays. */
  readonly overlays: OverlaysPlan;
  readonly create: {
    readonly enabled: boolean;
    readonly delaySeconds: number;
    readonly overlay: OverlayProgram | undefined;
  };
  readonly update: { readonly kind: "patch" | "recreate"; readonly delaySeconds: number } | { readonly kind: "never" };
  /** `spec.delete`; undefined when the author says nothing. */
  readonly deletePolicy: "abandon" | "destroy" | undefined;
  /** `spec.sensitive`: places in the object, by names of map keys, whose values are shown nowhere. */
  readonly sensitive: readonly (readonly string[])[];
  readonly postconditions: Predicates | undefined;
  readonly returns: Program | undefined;
  /** First path elements of every `inputs.x` it mentions, sorted. */
  readonly inputNames: readonly string[];
}

/** Which object a ResourceFunction is about. */
export interface ApiPlan {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string | undefined;
  readonly namespaced: boolean;
  readonly owned: boolean;
  readonly readonly: boolean;
  readonly deleteIfExists: boolean;
  /** Gives a map with `name` and, where the manifest has it, `namespace`. */
  readonly place: Program;
}

/** What the target is built on: an inline map (undefined: empty) or a template named at run time. */
export type BasePlan =
  | { readonly kind: "inline"; readonly program: Program | undefined }
  | { readonly kind: "template"; readonly name: Program };

export type OverlaysPlan =
  | { readonly kind: "ready"; readonly items: readonly OverlayItemPlan[] }
  | { readonly kind: "notReady"; readonly outcome: NotOk };

/** One entry of `spec.overlays`; its index in the list is its place in locations. */
export type OverlayItemPlan =
  | { readonly kind: "inline"; readonly skipIf: Program | undefined; readonly overlay: OverlayProgram }
  | {
      readonly kind: "function";
      readonly skipIf: Program | undefined;
      readonly plan: ValueFunctionPlan;
      readonly inputs: Program | undefined;
    };

/** Static: text with a leading `=` stays text. */
export interface TemplatePlan extends PlanIdentity {
  readonly template: JsonObject;
}
