/**
 * The compiled, frozen form of every definition kind: what a run executes. Expressions are programs, references are the
 * plans they name, defaults are filled in. `catalog.ts` builds it; the engine and `core/resource` read it. Nothing here
 * changes after it was built, so runs and catalogs share plans.
 */
import type { OverlayProgram, Program } from "../cel/program.ts";
import type { JsonObject } from "../json.ts";
import type { DEFINITION_PLURALS } from "../names.ts";
import type { GroupVersionKind } from "../object-key.ts";
import type { NotOk } from "../outcome.ts";
import type { Predicates } from "./predicates.ts";

/** A definition that can run, or the reason it cannot; the outcome is the definition's own state. */
export type Prepared<T> =
  { readonly kind: "ready"; readonly plan: T } | { readonly kind: "notReady"; readonly outcome: NotOk };

export type DefinitionKind = keyof typeof DEFINITION_PLURALS;

/** Identifies a definition, without its content. */
export interface DefinitionName {
  readonly kind: DefinitionKind;
  readonly namespace: string;
  readonly name: string;
}

/** A definition that a plan was compiled from: when its hash changes, so does the plan. */
export interface DefinitionUse extends DefinitionName {
  /** Hash of the definition that was found; "" when it was missing. */
  readonly contentHash: string;
}

/** Fields of every plan. */
export interface PlanIdentity {
  readonly namespace: string;
  readonly name: string;
  /** Hash of the definition's own spec. */
  readonly contentHash: string;
}

/** Steps in listing order, each with what it waits for. */
export interface WorkflowPlan extends PlanIdentity {
  /** The kind of trigger it runs for; undefined for a workflow that only others call. */
  readonly trigger: GroupVersionKind | undefined;
  /** The steps that could be compiled; complete if and only if `readiness` is undefined. */
  readonly steps: readonly StepPlan[];
  /** How many waves its steps and everything they call take up. */
  readonly depth: number;
  /** Undefined when every step is ready; else the outcome of the whole workflow, which then runs nothing. */
  readonly readiness: NotOk | undefined;
  /** Hash over the workflow and everything it uses, transitively. */
  readonly planHash: string;
  /** Everything it uses, transitively, itself first, including templates named by literal text. */
  readonly uses: readonly DefinitionUse[];
}

export interface StepPlan {
  readonly label: string;
  /** Labels of earlier steps, in order of first mention. */
  readonly dependsOn: readonly string[];
  /**
   * Layer in the dependency graph: 0 without dependencies, else above all waves of its dependencies and of the
   * sub-workflows they may call. So one step's objects are deleted before everything that the steps below it made.
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

/** One logic, or a choice of several by the value of an expression. */
export type StepLogic =
  | { readonly kind: "ref"; readonly logic: LogicPlan }
  | {
      readonly kind: "switch";
      readonly switchOn: Program;
      readonly cases: ReadonlyMap<string, LogicPlan>;
      readonly otherwise: LogicPlan | undefined;
    };

/** The kinds of logic that a step can call. */
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
  /** Not ready when an overlay is unusable: the function ends with that outcome when it reaches its overlays. */
  readonly overlays: OverlaysPlan;
  readonly create: {
    readonly enabled: boolean;
    readonly delaySeconds: number;
    readonly overlay: OverlayProgram | undefined;
  };
  readonly update: { readonly kind: "patch" | "recreate"; readonly delaySeconds: number } | { readonly kind: "never" };
  /** `spec.delete`; undefined when the author does not set it. */
  readonly deletePolicy: "abandon" | "destroy" | undefined;
  /** `spec.sensitive`: paths in the object, by names of map keys, whose values never appear anywhere. */
  readonly sensitive: readonly (readonly string[])[];
  readonly postconditions: Predicates | undefined;
  readonly returns: Program | undefined;
  /** First path elements of every `inputs.x` it mentions, sorted. */
  readonly inputNames: readonly string[];
}

/** Which object a ResourceFunction manages or reads. */
export interface ApiPlan {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string | undefined;
  readonly namespaced: boolean;
  readonly owned: boolean;
  readonly readonly: boolean;
  readonly deleteIfExists: boolean;
  /** Gives a map with `name` and, if the manifest has it, `namespace`. */
  readonly place: Program;
}

/** The base of the target: an inline map (undefined: empty) or a template named at run time. */
export type BasePlan =
  | { readonly kind: "inline"; readonly program: Program | undefined }
  | { readonly kind: "template"; readonly name: Program };

export type OverlaysPlan =
  | { readonly kind: "ready"; readonly items: readonly OverlayItemPlan[] }
  | { readonly kind: "notReady"; readonly outcome: NotOk };

/** One entry of `spec.overlays`; locations name it by its index in the list. */
export type OverlayItemPlan =
  | { readonly kind: "inline"; readonly skipIf: Program | undefined; readonly overlay: OverlayProgram }
  | {
      readonly kind: "function";
      readonly skipIf: Program | undefined;
      readonly plan: ValueFunctionPlan;
      readonly inputs: Program | undefined;
    };

/** A static template: text with a leading `=` stays text. */
export interface TemplatePlan extends PlanIdentity {
  readonly template: JsonObject;
}
