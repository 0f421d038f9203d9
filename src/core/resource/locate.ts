/**
 * Which object a ResourceFunction manages or reads: preconditions, locals, then name and namespace. This needs no
 * cluster and comes before the first read; `decide.ts` continues once the object is read.
 */
import { isTruthy } from "../cel/truth.ts";
import type { Value, ValueMap } from "../cel/value.ts";
import { permFail, type NotOk } from "../outcome.ts";
import { evaluateMap } from "../plan/evaluate.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { checkPredicates } from "../plan/predicates.ts";
import { functionLocals } from "../plan/value-function.ts";
import { valueText } from "../plan/value-text.ts";

/** The object, and what later expressions see. */
export interface ResourceTarget {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural as the author gave it; otherwise discovery knows it. */
  readonly plural: string | undefined;
  readonly namespaced: boolean;
  /** "" when there is none. */
  readonly namespace: string;
  readonly name: string;
  /** `Kind:namespace:name`, as messages call it. */
  readonly fullName: string;
  readonly owned: boolean;
  readonly readonly: boolean;
  readonly deleteIfExists: boolean;
  readonly locals: ValueMap;
}

export type Located =
  { readonly kind: "located"; readonly target: ResourceTarget } | { readonly kind: "outcome"; readonly outcome: NotOk };

/**
 * @param inputs - what expressions see as `inputs`
 * @param location - Koreo's prefix of locations, such as `net.spec.steps.zone`
 */
export function locateResource(plan: ResourceFunctionPlan, inputs: Value, location: string): Located {
  const stopped = checkPredicates(plan.preconditions, { inputs }, `${location}:spec.preconditions`);
  if (stopped !== undefined) return { kind: "outcome", outcome: stopped };
  const locals = functionLocals(plan, { inputs }, location);
  if (locals.kind === "outcome") return locals;

  const { api } = plan;
  const place = evaluateMap(api.place, { inputs, locals: locals.value }, "spec.apiConfig.name");
  if (place.kind === "outcome") return place;
  const name = valueText(place.value["name"] ?? null);
  const named = place.value["namespace"] ?? null;
  const namespace = isTruthy(named) ? valueText(named) : "";
  if (api.namespaced && namespace === "") {
    const message = "`namespace` is required when `spec.apiConfig.namespaced` is `true`";
    return { kind: "outcome", outcome: permFail(message, "spec.apiConfig.namespace") };
  }
  const { apiVersion, kind, plural, namespaced, owned, readonly, deleteIfExists } = api;
  const fullName = [kind, ...(namespace === "" ? [] : [namespace]), name].join(":");
  return {
    kind: "located",
    target: {
      apiVersion,
      kind,
      plural,
      namespaced,
      namespace,
      name,
      fullName,
      owned,
      readonly,
      deleteIfExists,
      locals: locals.value,
    },
  };
}

/**
 * The target with the scope in which the server serves its kind, which overrides `spec.apiConfig`.
 *
 * @param isNamespaced - scope by discovery
 */
export function inScope(target: ResourceTarget, isNamespaced: boolean): Located {
  if (!isNamespaced) return { kind: "located", target: { ...target, namespaced: false, namespace: "" } };
  if (target.namespace !== "") return { kind: "located", target };
  const message = `${target.kind} is a namespaced kind: name its namespace in spec.apiConfig.namespace`;
  return { kind: "outcome", outcome: permFail(message, "spec.apiConfig.namespace") };
}
