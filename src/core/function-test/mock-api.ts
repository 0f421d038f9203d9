/**
 * One pass of a ResourceFunction against the mock API of FunctionTests, which holds at most one object, answers every
 * read with it whatever the request, and merges a patch one level deep, as Koreo's does.
 */
import { toJson } from "../cel/text.ts";
import { isFault, type Value, type ValueMap } from "../cel/value.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { retry, type Outcome } from "../outcome.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { concludeResource } from "../resource/conclude.ts";
import { decideAction, type Action } from "../resource/decide.ts";
import { locateResource, type ResourceTarget } from "../resource/locate.ts";
import type { FindTemplate } from "../resource/render.ts";

/** The outcome of a pass, and its effect on the object. */
export interface MockAnswer {
  readonly outcome: Outcome<Value>;
  /** The object afterwards, `{}` once deleted; undefined when nothing was written. */
  readonly materialized: JsonObject | undefined;
  readonly request: { readonly method: "POST" | "PATCH" | "DELETE"; readonly body: JsonObject } | undefined;
  readonly deleted: boolean;
}

export interface MockRequest {
  readonly plan: ResourceFunctionPlan;
  readonly inputs: ValueMap;
  readonly resource: ValueMap | undefined;
  readonly location: string;
  readonly templates: FindTemplate;
}

/** An owner that owns nothing. */
const NOBODY = { apiVersion: "", kind: "", name: "", uid: "", namespace: "" };

export function runResourceFunction({ plan, inputs, resource, location, templates }: MockRequest): MockAnswer {
  const located = locateResource(plan, inputs, location);
  if (located.kind === "outcome") return unchanged(located.outcome);
  const { target } = located;
  // 1. Read. Koreo's client cannot make an object from one without a kind.
  if (resource !== undefined && typeof resource["kind"] !== "string") return unchanged(loadFailure(target));
  const read = resource === undefined ? undefined : withVersion(resource);
  // 2. Decide what to do.
  const observed = read === undefined ? null : plainObject(read);
  const action = decideAction({
    plan,
    target,
    inputs,
    observed,
    templates,
    owner: NOBODY,
    mode: "functionTest",
  });
  // Expressions see the object as the test wrote it, where `2.0` is still a double.
  const actual = (target.deleteIfExists ? {} : (read ?? {})) as JsonObject;
  if (action.kind === "none") return unchanged(concludeResource({ plan, target, inputs, actual, location }));
  return answered(action, observed ?? {});
}

/** Koreo's client treats an object without a version as one of `v1`. */
function withVersion(resource: ValueMap): ValueMap {
  return { ...resource, apiVersion: resource["apiVersion"] ?? "v1" };
}

/** Koreo's delay after a read that failed, in seconds. */
const LOAD_RETRY_SECONDS = 30;

function loadFailure({ kind, name }: ResourceTarget): Outcome<Value> {
  return retry(LOAD_RETRY_SECONDS, `Failure loading ${kind} ${name}. (the object has no kind)`, "load resource");
}

function answered(action: Exclude<Action, { kind: "none" }>, observed: JsonObject): MockAnswer {
  const { outcome } = action;
  switch (action.kind) {
    case "outcome":
      return unchanged(outcome);
    case "create":
      return { outcome, materialized: action.body, request: { method: "POST", body: action.body }, deleted: false };
    case "patch": {
      const materialized = { ...observed, ...action.body };
      return { outcome, materialized, request: { method: "PATCH", body: action.body }, deleted: false };
    }
    case "recreate":
    case "delete":
      return { outcome, materialized: {}, request: { method: "DELETE", body: {} }, deleted: true };
  }
}

function unchanged(outcome: Outcome<Value>): MockAnswer {
  return { outcome, materialized: undefined, request: undefined, deleted: false };
}

function plainObject(value: ValueMap): JsonObject {
  const json = toJson(value);
  return !isFault(json) && isJsonObject(json) ? json : {};
}
