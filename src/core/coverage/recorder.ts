/**
 * Counts which points of the definitions a test exercises. Plans are not told that they are watched: the recorder hands out
 * copies whose programs count, so that the engine runs as it always does.
 */
import type { OverlayProgram, Program } from "../cel/program.ts";
import { isPlainMap, type Value } from "../cel/value.ts";
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
import { valueText } from "../plan/value-text.ts";
import { POINT, switchCases, type Point } from "./points.ts";

/** How often each point was exercised, by `definitionId` and then by `pointText`. */
export type Hits = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function pointText({ path, what }: Point): string {
  return `${path} ${what}`;
}

/** A write to an object, as far as it says which function made it. */
export interface ObservedWrite {
  readonly action: "create" | "patch" | "delete";
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export class CoverageRecorder {
  readonly #hits = new Map<string, Map<string, number>>();
  readonly #watched = new Map<PlanIdentity, LogicPlan["plan"]>();
  /** The function that last was about an object, by kind and name; with the namespace it asked for. */
  readonly #functions = new Map<string, { readonly id: string; readonly namespace: string }[]>();

  get hits(): Hits {
    return this.#hits;
  }

  /** A copy of the plan that is counted. */
  watch<L extends LogicPlan>(logic: L): L {
    return { ...logic, plan: this.#plan(logic) };
  }

  /** The same for a Workflow. */
  watchWorkflow(plan: WorkflowPlan): WorkflowPlan {
    return this.watch({ kind: "workflow", plan }).plan;
  }

  /** A step's logic was called. */
  stepRan({ namespace, name }: PlanIdentity, step: StepPlan): void {
    this.#hit(definitionId({ kind: "Workflow", namespace, name }), POINT.step(step, "runs"));
  }

  /** A function created, patched or deleted its object. */
  functionWrote({ namespace, name }: PlanIdentity, action: ObservedWrite["action"]): void {
    const id = definitionId({ kind: "ResourceFunction", namespace, name });
    for (const point of WRITE_POINTS[action]) this.#hit(id, point);
  }

  /** Some function created, patched or deleted an object: the one that was last about it. */
  wrote({ action, kind, namespace, name }: ObservedWrite): void {
    const known = this.#functions.get(`${kind}/${name}`) ?? [];
    const writers = known.filter((each) => each.namespace === namespace || each.namespace === "" || namespace === "");
    for (const { id } of writers) for (const point of WRITE_POINTS[action]) this.#hit(id, point);
  }

  #hit(id: string, point: Point): void {
    const points = this.#hits.get(id) ?? new Map<string, number>();
    this.#hits.set(id, points);
    const text = pointText(point);
    points.set(text, (points.get(text) ?? 0) + 1);
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
    const { api, overlays } = plan;
    const id = definitionId({ kind: "ResourceFunction", namespace: plan.namespace, name: plan.name });
    const place = watched(api.place, (value) => {
      const part = (member: string) => (isPlainMap(value) ? valueText(value[member] ?? "") : "");
      const key = `${api.kind}/${part("name")}`;
      const others = (this.#functions.get(key) ?? []).filter((each) => each.id !== id);
      this.#functions.set(key, [...others, { id, namespace: api.namespaced ? part("namespace") : "" }]);
    });
    const items = (list: readonly OverlayItemPlan[]) => list.map((item, index) => this.#overlayItem(item, index, hit));
    return {
      ...plan,
      api: { ...api, place },
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
    return { ...item, skipIf, plan: { ...plan, returns: plan.returns && watchedOverlay(plan.returns, applies) } };
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
      // An int goes to the default, as the engine has it.
      const taken = known.find((each) => each.value === value) ?? known.find((each) => each.value === undefined);
      if (taken !== undefined) hit(POINT.switchCase(step, taken.text));
    });
    const cases = new Map([...logic.cases].map(([value, each]) => [value, this.watch(each)]));
    return { kind: "switch", switchOn, cases, otherwise: logic.otherwise && this.watch(logic.otherwise) };
  }
}

type Hit = (point: Point) => void;

const WRITE_POINTS = {
  create: [POINT.creates],
  patch: [POINT.updates],
  delete: [POINT.updates, POINT.deletes], // an update that makes the object anew, or an object that must not exist
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
      onValue(value);
      return value;
    },
  };
}

function watchedOverlay(program: OverlayProgram, onApply: () => void): OverlayProgram {
  return {
    references: program.references,
    apply: (base, scope, budget) => {
      onApply();
      return program.apply(base, scope, budget);
    },
  };
}
