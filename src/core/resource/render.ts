/**
 * Renders the target of a ResourceFunction: inline map or template, then overlays in order, and on top the identity,
 * which nothing may change. Directives stay in it for the comparison; `withoutDirectives` removes them before sending.
 */
import { isAbsent } from "../cel/fragment.ts";
import { put } from "../cel/maps.ts";
import type { OverlayProgram } from "../cel/program.ts";
import { isFault, isPlainMap, kindOf, type Value, type ValueMap } from "../cel/value.ts";
import type { JsonObject } from "../json.ts";
import { permFail, retry, type NotOk } from "../outcome.ts";
import { evaluatedJson, evaluateMap, evaluateValue, faultOutcome } from "../plan/evaluate.ts";
import type { OverlayItemPlan, Prepared, ResourceFunctionPlan, TemplatePlan } from "../plan/plan.ts";
import { evaluateValueFunction } from "../plan/value-function.ts";
import type { ResourceTarget } from "./locate.ts";

/** Finds a template by name, as seen from the function's definition; undefined when there is none. */
export type FindTemplate = (name: string) => Prepared<TemplatePlan> | undefined;

export interface RenderRequest {
  readonly plan: ResourceFunctionPlan;
  readonly target: ResourceTarget;
  readonly inputs: Value;
  readonly templates: FindTemplate;
}

export type Rendered =
  | {
      readonly kind: "rendered";
      /** The value that expressions see as `resource`. */
      readonly values: ValueMap;
      /** The same as plain JSON. */
      readonly json: JsonObject;
    }
  | { readonly kind: "outcome"; readonly outcome: NotOk };

const TEMPLATE_WAIT_SECONDS = 30;

/** The target before `create.overlay`. */
export function renderTarget(request: RenderRequest): Rendered {
  const { plan, target, inputs } = request;
  const base = baseOf(request);
  if (base.kind === "outcome") return base;
  let values = withIdentity(base.value, target);
  if (plan.overlays.kind === "notReady") return { kind: "outcome", outcome: plan.overlays.outcome };
  for (const [index, item] of plan.overlays.items.entries()) {
    const where = `${target.fullName}:spec.overlays[${index}]`;
    const scope = { inputs, locals: target.locals };
    const skipped = skips(item, { ...scope, resource: values }, where);
    if (skipped.kind === "outcome") return skipped;
    if (skipped.value) continue;
    const laid = layItem(item, values, scope, where);
    if (laid.kind === "outcome") return laid;
    values = laid.value;
  }
  return finished(withIdentity(values, target), target);
}

/** The target with `create.overlay` on top, as a create sends it. */
export function renderCreate(request: RenderRequest, values: ValueMap, overlay: OverlayProgram): Rendered {
  const { target, inputs } = request;
  const where = "spec.create.overlay";
  const laid = overlay.apply(values, { inputs, locals: target.locals, resource: values });
  if (isFault(laid)) return { kind: "outcome", outcome: faultOutcome(laid, where) };
  return finished(withIdentity(isPlainMap(laid) ? laid : {}, target), target);
}

type Step<T> = { readonly kind: "value"; readonly value: T } | { readonly kind: "outcome"; readonly outcome: NotOk };

function baseOf({ plan, target, inputs, templates }: RenderRequest): Step<ValueMap> {
  const scope = { inputs, locals: target.locals };
  if (plan.base.kind === "inline") {
    if (plan.base.program === undefined) return { kind: "value", value: {} };
    return evaluateMap(plan.base.program, scope, `${target.fullName}:spec.resource`);
  }
  const where = `${target.fullName}:spec.resourceTemplateRef.name`;
  const evaluated = evaluateValue(plan.base.name, scope, `${where}<eval>`);
  if (evaluated.kind === "outcome") return evaluated;
  const name = evaluated.value;
  if (typeof name !== "string" || isAbsent(name)) {
    const received = typeof name === "string" ? "an empty one" : kindOf(name);
    const message = `Expected string, but received ${received} at \`spec.resourceTemplateRef.name\``;
    return { kind: "outcome", outcome: permFail(message, `${where}<eval>`) };
  }
  const template = templates(name);
  if (template?.kind === "ready") return { kind: "value", value: template.plan.template };
  const why = template === undefined ? "not found." : `is not ready (${template.outcome.message ?? "None"})`;
  const outcome = retry(TEMPLATE_WAIT_SECONDS, `ResourceTemplate:${name} ${why}`, `${where}<load>`);
  return { kind: "outcome", outcome };
}

type Scope = { readonly inputs: Value; readonly locals: ValueMap };

function skips(item: OverlayItemPlan, scope: Scope & { readonly resource: ValueMap }, where: string): Step<boolean> {
  if (item.skipIf === undefined) return { kind: "value", value: false };
  const evaluated = evaluateValue(item.skipIf, scope, `${where}.skipIf`);
  if (evaluated.kind === "outcome") return evaluated;
  const { value } = evaluated;
  if (typeof value === "boolean") return { kind: "value", value };
  const [, short = where] = where.split(/:(?=spec\.)/);
  const message = `Expected boolean, but received ${kindOf(value)} for '${short}.skipIf'`;
  return { kind: "outcome", outcome: permFail(message, `${where}.skipIf`) };
}

function layItem(item: OverlayItemPlan, values: ValueMap, scope: Scope, where: string): Step<ValueMap> {
  if (item.kind === "inline") {
    const laid = item.overlay.apply(values, { ...scope, resource: values });
    if (isFault(laid)) return { kind: "outcome", outcome: faultOutcome(laid, `${where}.overlay`) };
    return { kind: "value", value: isPlainMap(laid) ? laid : {} };
  }
  // Without inputs, the function sees `inputs` as null.
  const given = item.inputs === undefined ? NO_INPUTS : evaluateValue(item.inputs, scope, `${where}.inputs`);
  if (given.kind === "outcome") return given;
  const location = `${where}.overlayRef<eval>`;
  const outcome = evaluateValueFunction(item.plan, given.value, location, values);
  if (outcome.kind !== "ok") return { kind: "outcome", outcome };
  if (isPlainMap(outcome.value)) return { kind: "value", value: outcome.value };
  const message = `Expected mapping, but received ${kindOf(outcome.value)} for '${location}'`;
  return { kind: "outcome", outcome: permFail(message, location) };
}

const NO_INPUTS = { kind: "value", value: null } as const;

/** Kind, name and namespace come from the function, whatever template and overlays say. */
function withIdentity(values: ValueMap, { apiVersion, kind, name, namespace }: ResourceTarget): ValueMap {
  const before = values["metadata"];
  const metadata: Record<string, Value> = {};
  if (isPlainMap(before)) for (const [key, value] of Object.entries(before)) put(metadata, key, value);
  metadata["name"] = name;
  if (namespace !== "") metadata["namespace"] = namespace;
  return { ...values, apiVersion, kind, metadata };
}

function finished(values: ValueMap, target: ResourceTarget): Rendered {
  const json = evaluatedJson(values, `${target.fullName}:spec.resource`);
  return json.kind === "outcome" ? json : { kind: "rendered", values, json: json.value };
}
