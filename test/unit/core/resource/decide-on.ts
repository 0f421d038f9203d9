/** What the decision tests share: a trigger, its function written in YAML, and the decision about one observed object. */
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import { definitionOf } from "../../../../src/core/manifest/definition.ts";
import { member, type JsonObject } from "../../../../src/core/json.ts";
import type { KeyText } from "../../../../src/core/object-key.ts";
import { compileCatalog } from "../../../../src/core/plan/catalog.ts";
import type { ResourceFunctionPlan } from "../../../../src/core/plan/plan.ts";
import { decideAction, type Action, type DecideRequest } from "../../../../src/core/resource/decide.ts";
import { locateResource } from "../../../../src/core/resource/locate.ts";
import { withMark, type Mark } from "../../../../src/core/resource/mark.ts";
import { ownerReference, type Owner } from "../../../../src/core/resource/owner.ts";

export const OWNER: Owner = { apiVersion: "t/v1", kind: "Request", namespace: "apps", name: "req", uid: "trigger-uid" };

export const MARK: Mark = {
  trigger: "local/t/Request/apps/req" as KeyText,
  uid: OWNER.uid,
  group: "",
  kind: "ConfigMap",
  namespace: "apps",
  name: "kept",
  step: "keep",
  wave: 0,
  policy: "default",
  owned: true,
};

/** A ResourceFunction about ConfigMap `kept` that wants `data: {a: one}`; `api` and `more` are YAML. */
export function planOf({ api = "", more = "" } = {}): ResourceFunctionPlan {
  const { documents } = readYaml(`
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: keep, namespace: defs }
spec:
  apiConfig:
    apiVersion: v1
    kind: ConfigMap
    name: kept
    namespace: apps
    ${api}
  resource: { data: { a: one } }
  ${more}
`);
  const sources = documents.flatMap(({ value }) => definitionOf(value, "defs") ?? []);
  const compiled = compileCatalog(sources, { namespaces: ["defs"] }).entries[0]?.compiled;
  if (compiled?.kind !== "ResourceFunction" || compiled.prepared.kind !== "ready") throw new Error("does not compile");
  return compiled.prepared.plan;
}

/** The decision, on a cluster unless told otherwise. `recordedStep`: the step that the trigger's inventory names for the object. */
export function decideOn(
  observed: JsonObject | null,
  plan: ResourceFunctionPlan,
  {
    mark = MARK,
    recordedStep,
    mode = "cluster",
  }: { readonly mark?: Mark; readonly recordedStep?: string; readonly mode?: DecideRequest["mode"] } = {},
): Action {
  const located = locateResource(plan, {}, "flow.spec.steps.keep");
  if (located.kind === "outcome") throw new Error("not located");
  return decideAction({
    plan,
    target: located.target,
    inputs: {},
    observed,
    owner: OWNER,
    mark,
    mode,
    recordedStep,
    templates: () => undefined,
  });
}

/** The object as it stands on the cluster; ours unless told otherwise. */
export function standing(
  parts: {
    readonly data?: JsonObject;
    readonly owners?: readonly JsonObject[];
    readonly mark?: Mark | null;
    readonly metadata?: JsonObject;
  } = {},
): JsonObject {
  const { data = { a: "one" }, owners = [ownerReference(OWNER)], mark = MARK, metadata = {} } = parts;
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "kept",
      namespace: "apps",
      uid: "object-uid",
      resourceVersion: "7",
      ...(owners.length > 0 && { ownerReferences: owners }),
      ...metadata,
    },
    data,
  };
  return mark === null ? object : withMark(object, mark);
}

/** The body of a create or a patch. */
export function bodyOf(action: Action): JsonObject {
  if (action.kind !== "create" && action.kind !== "patch") throw new Error(`nothing is sent: ${action.kind}`);
  return action.body;
}

/** A member of a body's metadata. */
export function metadataOf(action: Action, name: string) {
  return member(member(bodyOf(action), "metadata"), name);
}
