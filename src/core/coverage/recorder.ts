/**
 * Counts which points of the definitions a test exercises. Plans do not know that they are watched: the recorder hands
 * out copies whose programs count, so the engine runs as usual.
 */
import type { OverlayProgram, Program } from "../cel/program.ts";
import { isFault, kindOf, type Value } from "../cel/value.ts";
import { definitionId } from "../plan/definition-graph.ts";
import type {
  DefinitionKind,
  LogicPlan,
  OverlayItemPlan,
  PlanIdentity,
  ResourceFunctionPlan,
  StepLogic,
  StepPlan,
  ValueFunctionPlan,
  WorkflowPlan,
} from "../plan/plan.ts";
import type { Predicates } from "../plan/predicates.ts";
import { POINT, switchCases, type Point } from "./points.ts";

/** How often each point was exercised, by `definitionId` and then by `pointText`. */
export type Hits = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function pointText({ path, what }: Point): string {
  return `${path} ${what}`;
}

export class CoverageRecorder {
  readonly #hits = new Map<string, Map<string, number>>();
  readonly #watched = new Map<PlanIdentity, LogicPlan["plan"]>();

  get hits(): Hits {
    return this.#hits;
  }

  /** Adds the counts of another recorder. */
  add(hits: Hits): void {
    for (const [id, points] of hits) for (const [text, count] of points) this.#count(id, text, count);
  }

  /** A copy of the plan that counts. */
  watch<L extends LogicPlan>(logic: L): L {
    return { ...logic, plan: this.#plan(logic) };
  }

  /** The same for a Workflow. */
  watchWorkflow(plan: WorkflowPlan): WorkflowPlan {
    return this.watch({ kind: "workflow", plan }).plan;
  }

  /** Counts a call of a step's logic. */
  stepRan({ namespace, name }: PlanIdentity, step: StepPlan): void {
    this.#hit(definitionId({ kind: "Workflow", namespace, name }), POINT.step(step, "runs"));
  }

  /** Counts a create, patch or delete of a function's object. */
  wrote({ namespace, name }: PlanIdentity, action: "create" | "patch" | "recreate" | "delete"): void {
    const id = definitionId({ kind: "ResourceFunction", namespace, name });
    this.#hit(id, WRITE_POINTS[action]);
  }

  #hit(id: string, point: Point): void {
    this.#count(id, pointText(point), 1);
  }

  #count(id: string, text: string, count: number): void {
    const points = this.#hits.get(id) ?? new Map<string, number>();
    this.#hits.set(id, points);
    points.set(text, (points.get(text) ?? 0) + count);
  }

  #plan(logic: LogicPlan): LogicPlan["plan"] {
    const known = this.#watched.get(logic.plan);
    if (known !== undefined) return known;
    const plan = this.#copy(logic);
    this.#watched.set(logic.plan, plan);
    return plan;
  }

  #copy(logic: LogicPlan): LogicPlan["plan"] {
    const { namespace, name } = logic.plan;
    const counter = (kind: DefinitionKind) => (point: Point) =>
      this.#hit(definitionId({ kind, namespace, name }), point);
    switch (logic.kind) {
      case "value":
        return watchedValueFunction(logic.plan, counter("ValueFunction"));
      case "resource":
        return this.#resourceFunction(logic.plan, counter("ResourceFunction"));
      case "workflow":
        return this.#workflow(logic.plan, counter("Workflow"));
    }
  }

  #resourceFunction(plan: ResourceFunctionPlan, hit: Hit): ResourceFunctionPlan {
    const { overlays } = plan;
    const items = (list: readonly OverlayItemPlan[]) => list.map((item, index) => this.#overlayItem(item, index, hit));
    return {
      ...plan,
      preconditions: watchedPredicates("preconditions", plan.preconditions, hit),
      overlays: overlays.kind === "ready" ? { kind: "ready", items: items(overlays.items) } : overlays,
      postconditions: watchedPredicates("postconditions", plan.postconditions, hit),
      returns: plan.returns && watched(plan.returns, () => hit(POINT.returns)),
    };
  }

  #overlayItem(item: OverlayItemPlan, index: number, hit: Hit): OverlayItemPlan {
    const applies = () => hit(POINT.overlay(index, "applies"));
    const skipIf =
      item.skipIf &&
      watched(item.skipIf, (value) => {
        if (value === true) hit(POINT.overlay(index, "is skipped"));
      });
    if (item.kind === "inline") return { ...item, skipIf, overlay: watchedOverlay(item.overlay, applies) };
    const { plan } = this.watch({ kind: "value", plan: item.plan });
    const preconditions = plan.preconditions?.map((predicate) => ({
      ...predicate,
      defaultReturn: predicate.defaultReturn && watchedOverlay(predicate.defaultReturn, applies),
    }));
    return {
      ...item,
      skipIf,
      plan: { ...plan, preconditions, returns: plan.returns && watchedOverlay(plan.returns, applies) },
    };
  }

  #workflow(plan: WorkflowPlan, hit: Hit): WorkflowPlan {
    const steps = plan.steps.map((step): StepPlan => {
      const skipIf =
        step.skipIf &&
        watched(step.skipIf, (value) => {
          if (value === true) hit(POINT.step(step, "is skipped"));
        });
      return { ...step, skipIf, logic: this.#stepLogic(step, hit) };
    });
    return { ...plan, steps };
  }

  #stepLogic(step: StepPlan, hit: Hit): StepLogic {
    const { logic } = step;
    if (logic.kind === "ref") return { kind: "ref", logic: this.watch(logic.logic) };
    const known = switchCases(logic);
    const switchOn = watched(logic.switchOn, (value) => {
      // An int goes to the default, as in the engine; anything else is an error.
      if (typeof value !== "string" && kindOf(value) !== "int") return;
      const taken = known.find((each) => each.value === value) ?? known.find((each) => each.value === undefined);
      if (taken !== undefined) hit(POINT.switchCase(step, taken.text));
    });
    const cases = new Map([...logic.cases].map(([value, each]) => [value, this.watch(each)]));
    return { kind: "switch", switchOn, cases, otherwise: logic.otherwise && this.watch(logic.otherwise) };
  }
}

type Hit = (point: Point) => void;

const WRITE_POINTS = {
  create: POINT.creates,
  patch: POINT.updates,
  recreate: POINT.updates,
  delete: POINT.deletes,
} as const;

function watchedValueFunction(plan: ValueFunctionPlan, hit: Hit): ValueFunctionPlan {
  const returns = plan.returns && watchedOverlay(plan.returns, () => hit(POINT.returns));
  return { ...plan, preconditions: watchedPredicates("preconditions", plan.preconditions, hit), returns };
}

function watchedPredicates(
  list: "preconditions" | "postconditions",
  predicates: Predicates | undefined,
  hit: Hit,
): Predicates | undefined {
  return predicates?.map((predicate, index) => {
    const assert =
      predicate.assert &&
      watched(predicate.assert, (value) => {
        if (value === false) hit(POINT.fails(list, index));
      });
    return { ...predicate, assert };
  });
}

function watched(program: Program, onValue: (value: Value) => void): Program {
  return {
    references: program.references,
    evaluate: (scope, budget) => {
      const value = program.evaluate(scope, budget);
      if (!isFault(value)) onValue(value);
      return value;
    },
  };
}

function watchedOverlay(program: OverlayProgram, onApply: () => void): OverlayProgram {
  return {
    references: program.references,
    apply: (base, scope, budget) => {
      const value = program.apply(base, scope, budget);
      if (!isFault(value)) onApply();
      return value;
    },
  };
}
