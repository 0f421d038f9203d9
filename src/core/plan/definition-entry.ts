/** One definition in a catalog: as read, compiled, and with everything that is wrong with it. */
import type { FunctionTestPlan } from "../function-test/prepare.ts";
import type { DefinitionFault, DefinitionSource } from "../manifest/definition.ts";
import type { WorkflowTestPlan } from "../workflow-test/prepare.ts";
import type { NotOk } from "../outcome.ts";
import type {
  DefinitionUse,
  Prepared,
  ResourceFunctionPlan,
  TemplatePlan,
  ValueFunctionPlan,
  WorkflowPlan,
} from "./plan.ts";

/** The compiled form by kind. */
export type Compiled =
  | { readonly kind: "Workflow"; readonly prepared: Prepared<WorkflowPlan> }
  | { readonly kind: "ValueFunction"; readonly prepared: Prepared<ValueFunctionPlan> }
  | { readonly kind: "ResourceFunction"; readonly prepared: Prepared<ResourceFunctionPlan> }
  | { readonly kind: "ResourceTemplate"; readonly prepared: Prepared<TemplatePlan> }
  | { readonly kind: "FunctionTest"; readonly prepared: Prepared<FunctionTestPlan> }
  | { readonly kind: "WorkflowTest"; readonly prepared: Prepared<WorkflowTestPlan> };

export interface DefinitionEntry {
  readonly source: DefinitionSource;
  /** Hash of its own spec. */
  readonly contentHash: string;
  /** Hash over its spec and everything it uses, transitively. */
  readonly planHash: string;
  /** Everything it uses, transitively, itself first. */
  readonly uses: readonly DefinitionUse[];
  readonly compiled: Compiled;
  /** Why it cannot run as it should; undefined when it can. A workflow with a faulty step is a plan but unready. */
  readonly readiness: NotOk | undefined;
  /** Everything that is wrong with it, each with its path. */
  readonly faults: readonly DefinitionFault[];
}
