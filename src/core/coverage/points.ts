/** The points of a definition that tests can exercise: each predicate, overlay, step, switch case, kind of ending. */
import type { DefinitionEntry } from "../plan/definition-entry.ts";
import type { ResourceFunctionPlan, StepPlan, ValueFunctionPlan, WorkflowPlan } from "../plan/plan.ts";
import type { Predicates } from "../plan/predicates.ts";

/** One point, such as `spec.preconditions[0]` with `fails`. */
export interface Point {
  readonly path: string;
  readonly what: string;
}

/** @returns the points of a Workflow or function that can run; none for other definitions */
export function pointsOf({ compiled }: DefinitionEntry): readonly Point[] {
  if (compiled.prepared.kind === "notReady") return [];
  switch (compiled.kind) {
    case "ValueFunction":
      return valuePoints(compiled.prepared.plan);
    case "ResourceFunction":
      return resourcePoints(compiled.prepared.plan);
    case "Workflow":
      return workflowPoints(compiled.prepared.plan);
    default:
      return [];
  }
}

export const POINT = {
  fails: (list: "preconditions" | "postconditions", index: number): Point => ({
    path: `spec.${list}[${index}]`,
    what: "fails",
  }),
  returns: { path: "spec.return", what: "returns" },
  overlay: (index: number, what: "applies" | "is skipped"): Point => ({ path: `spec.overlays[${index}]`, what }),
  creates: { path: "spec.create", what: "creates" },
  updates: { path: "spec.update", what: "updates" },
  deletes: { path: "spec.apiConfig.deleteIfExists", what: "deletes" },
  step: ({ label }: StepPlan, what: "runs" | "is skipped"): Point => ({ path: `spec.steps.${label}`, what }),
  switchCase: ({ label }: StepPlan, text: string): Point => ({
    path: `spec.steps.${label}.refSwitch`,
    what: `takes ${text}`,
  }),
} as const;

function predicatePoints(
  list: "preconditions" | "postconditions",
  predicates: Predicates | undefined,
): readonly Point[] {
  return (predicates ?? []).map((_predicate, index) => POINT.fails(list, index));
}

function valuePoints({ preconditions, returns }: ValueFunctionPlan): readonly Point[] {
  return [...predicatePoints("preconditions", preconditions), ...(returns === undefined ? [] : [POINT.returns])];
}

function resourcePoints(plan: ResourceFunctionPlan): readonly Point[] {
  const { api, overlays, create, update, preconditions, postconditions, returns } = plan;
  const isWritten = !api.readonly && !api.deleteIfExists;
  const items = overlays.kind === "ready" ? overlays.items : [];
  return [
    ...predicatePoints("preconditions", preconditions),
    ...(isWritten ? items : []).flatMap(({ skipIf }, index) => [
      POINT.overlay(index, "applies"),
      ...(skipIf === undefined ? [] : [POINT.overlay(index, "is skipped")]),
    ]),
    ...(isWritten && create.enabled ? [POINT.creates] : []),
    ...(isWritten && update.kind !== "never" ? [POINT.updates] : []),
    ...(api.deleteIfExists ? [POINT.deletes] : []),
    ...predicatePoints("postconditions", postconditions),
    ...(returns === undefined ? [] : [POINT.returns]),
  ];
}

function workflowPoints({ steps }: WorkflowPlan): readonly Point[] {
  return steps.flatMap((step) => [
    POINT.step(step, "runs"),
    ...(step.skipIf === undefined ? [] : [POINT.step(step, "is skipped")]),
    ...(step.logic.kind === "switch" ? switchCases(step.logic).map(({ text }) => POINT.switchCase(step, text)) : []),
  ]);
}

type Switch = Extract<StepPlan["logic"], { kind: "switch" }>;

/** The cases of a switch as reports name them; a default that is also a case is taken when no case matches. */
export function switchCases({
  cases,
  otherwise,
}: Switch): readonly { readonly text: string; readonly value?: string }[] {
  return [
    ...[...cases.keys()].map((value) => ({ text: `case "${value}"`, value })),
    ...(otherwise === undefined ? [] : [{ text: "the default" }]),
  ];
}
