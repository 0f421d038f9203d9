/**
 * One pass of a ResourceFunction against the mock API of FunctionTests: it holds at most one object, answers every read with
 * it whatever is asked for, and merges a patch one level deep, as Koreo's does.
 */
import { toJson } from "../cel/text.ts";
import { isFault, type Value, type ValueMap } from "../cel/value.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { Outcome } from "../outcome.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";
import { concludeResource } from "../resource/conclude.ts";
import { decideAction, type Action } from "../resource/decide.ts";
import { locateResource } from "../resource/locate.ts";
import type { FindTemplate } from "../resource/render.ts";

/** What a pass came to, and what it did to the object. */
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
  const observed = resource === undefined ? null : plainObject(resource);
  const action = decideAction({
    ...{ plan, target, inputs, observed, templates },
    owner: NOBODY,
    mode: "functionTest",
  });
  // Expressions see the object as the test wrote it, in which `2.0` is still a double.
  const actual = (target.deleteIfExists ? {} : (resource ?? {})) as JsonObject;
  if (action.kind === "none") return unchanged(concludeResource({ plan, target, inputs, actual, location }));
  return answered(action, observed ?? {});
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
