/**
 * What a deviation rule sees of one phase of a case: both states, the definitions as they were then, and each step of each
 * trigger's workflow with what it came to on both sides.
 */
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import { definitionOf } from "../../src/core/manifest/definition.ts";
import { formatJson, member, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { compileCatalog } from "../../src/core/plan/catalog.ts";
import type { StepPlan, WorkflowPlan } from "../../src/core/plan/plan.ts";
import type { Difference, PhaseComparison } from "./workflows-compare.ts";
import { triggerId, type WorkflowCase } from "./workflows-corpus.ts";
import { resourceId, resourcesIn } from "./workflows-tree.ts";

/** What a step, or the whole workflow, came to on one side. */
export interface StepSide {
  /** Whether it has a condition of its own. */
  readonly isOwn: boolean;
  /** Of its own condition; of Ready where it has none. */
  readonly reason: string;
  readonly message: string;
  readonly location: string;
  /** In `koreo.dev/managed-resources`. */
  readonly entry: JsonValue | undefined;
}

export interface StepView {
  /** `Kind/name`. */
  readonly trigger: string;
  readonly plan: StepPlan;
  /** Labels of the steps that wait for it, at whatever remove. */
  readonly dependents: readonly string[];
  readonly recorded: StepSide;
  readonly actual: StepSide;
  /** Ids of the objects it manages. */
  readonly objects: readonly string[];
}

export interface Scene {
  readonly source: WorkflowCase;
  readonly phase: number;
  /** Of every phase. */
  readonly recorded: readonly JsonObject[];
  readonly actual: JsonObject;
  readonly definitions: readonly JsonObject[];
  readonly workflows: ReadonlyMap<string, WorkflowPlan>;
  readonly steps: readonly StepView[];
  /** What rules have explained in this phase and those before it. */
  readonly explained: readonly Difference[];
}

export function sceneOf(
  source: WorkflowCase,
  phase: number,
  { recorded, actual }: Pick<PhaseComparison, "recorded" | "actual">,
  explained: readonly Difference[],
): Scene {
  const definitions = definitionsAt(source, phase);
  const plans = plansOf(definitions);
  const triggers = Object.keys((member(actual, "triggers") ?? {}) as JsonObject);
  const workflows = new Map(
    triggers.flatMap((id) => {
      const plan = workflowFor(id, recorded[phase], actual, plans);
      return plan === undefined ? [] : [[id, plan] as const];
    }),
  );
  const now = recorded[phase] ?? {};
  const steps = [...workflows].flatMap(([id, workflow]) =>
    workflow.steps.map((plan) => stepView(id, plan, workflow, now, actual)),
  );
  return { source, phase, recorded, actual, definitions, workflows, steps, explained };
}

/** Objects that somebody wrote or deleted in a phase; what was there first, triggers included, belongs to phase 0. */
export function touchesAt(
  { source }: Scene,
  phase: number,
): readonly { readonly action: string; readonly object: JsonObject }[] {
  const first = phase === 0 ? [...source.objects, ...source.triggers] : [];
  const made = first.map((object) => ({ action: "apply", object }));
  const acts = source.phases[phase]?.acts ?? [];
  return [...made, ...acts.flatMap(({ action, objects }) => objects.map((object) => ({ action, object })))];
}

/** The Koreo definitions that stand after the acts of a phase. */
function definitionsAt({ definitions, phases }: WorkflowCase, phase: number): readonly JsonObject[] {
  const standing = new Map(definitions.map((each) => [triggerId(each), each]));
  for (const { acts } of phases.slice(0, phase + 1)) {
    for (const { action, objects } of acts) {
      for (const object of objects.filter((each) => textMember(each, "apiVersion").startsWith("koreo.dev/"))) {
        if (action === "delete") standing.delete(triggerId(object));
        else if (action === "apply") standing.set(triggerId(object), object);
      }
    }
  }
  return [...standing.values()];
}

function plansOf(definitions: readonly JsonObject[]): ReadonlyMap<string, WorkflowPlan> {
  const text = definitions.map((each) => formatJson(each)).join("\n---\n");
  const sources = readYaml(text).documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  const { entries } = compileCatalog(sources, { namespaces: ["defs"] });
  return new Map(
    entries.flatMap(({ source, compiled }) =>
      compiled.kind === "Workflow" && compiled.prepared.kind === "ready"
        ? [[source.name, compiled.prepared.plan] as const]
        : [],
    ),
  );
}

function workflowFor(
  trigger: string,
  recorded: JsonObject | undefined,
  actual: JsonObject,
  plans: ReadonlyMap<string, WorkflowPlan>,
): WorkflowPlan | undefined {
  const named = [actual, recorded].map((state) =>
    textMember(memberAt(state, ["triggers", trigger, "managedResources"]), "workflow"),
  );
  const byName = named.map((name) => plans.get(name)).find((plan) => plan !== undefined);
  return byName ?? [...plans.values()].find((plan) => plan.trigger?.kind === trigger.split("/")[0]);
}

function stepView(
  trigger: string,
  plan: StepPlan,
  workflow: WorkflowPlan,
  recorded: JsonObject,
  actual: JsonObject,
): StepView {
  const sides = [recorded, actual].map((state) => sideOf(memberAt(state, ["triggers", trigger]), plan));
  const [there = NOTHING, here = NOTHING] = sides;
  const objects = sides.flatMap(({ entry }) => resourcesIn(entry).map(resourceId));
  const dependents = dependentsOf(plan.label, workflow);
  return { trigger, plan, dependents, recorded: there, actual: here, objects: [...new Set(objects)] };
}

const NOTHING: StepSide = { isOwn: false, reason: "", message: "", location: "", entry: undefined };

function sideOf(trigger: JsonValue | undefined, { label, condition }: StepPlan): StepSide {
  const conditions = member(trigger, "conditions");
  const own = condition === undefined ? undefined : member(conditions, condition.type);
  const shown = own ?? member(conditions, "Ready");
  return {
    isOwn: own !== undefined,
    reason: textMember(shown, "reason"),
    message: textMember(shown, "message"),
    location: textMember(shown, "location"),
    entry: memberAt(trigger, ["managedResources", "resources", label]),
  };
}

function dependentsOf(label: string, { steps }: WorkflowPlan): readonly string[] {
  const found = new Set([label]);
  for (const step of steps) if (step.dependsOn.some((each) => found.has(each))) found.add(step.label);
  return [...found].filter((each) => each !== label);
}
