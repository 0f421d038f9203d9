/**
 * What Koreo 0.1.17 leaves on a cluster: a Workflow with functions as people wrote them for it, a trigger kind, and objects,
 * records and conditions in its shape.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { APPS, WIDGET } from "./e2e-cluster.ts";

/** The original writes the status on the object itself: with a subresource it would be lost. */
export const ORDER = { ...WIDGET, kind: "Order", plural: "orders", hasStatus: false };
export const SHARED = "shared";
export const LAST_APPLIED = ANNOTATION.lastApplied;

export const LABELS = ["settings", "rotated", "secret", "never", "anew", "destroyed", "elsewhere", "given"] as const;
export type Label = (typeof LABELS)[number];

/** A ResourceFunction as it was written for the original. `api` and `more` are YAML. */
const keeps = (label: Label, { kind = "ConfigMap", api = "", more = "", namespace = "=inputs.namespace" } = {}) => `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${label} }
spec:
  apiConfig:
    ${Object.entries({
      apiVersion: "v1",
      kind,
      plural: `${kind.toLowerCase()}s`,
      name: `="old-${label}"`,
      namespace,
    })
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n    ")}
    ${api}
  ${more}
---`;

const data = (fields: string) => `resource: { data: { ${fields} } }`;
const TEXT = data("text: =inputs.text");

export const FUNCTIONS = [
  keeps("settings", {
    more: `${TEXT}\n  create: { overlay: { data: { seed: grown } } }`,
  }),
  // Somebody else rotates the value; what counts is what was sent last.
  keeps("rotated", {
    more: data("text: =inputs.text, token: first, x-koreo-compare-last-applied: [token]"),
  }),
  keeps("secret", { kind: "Secret", more: data("password: b2xk, text: b2xk") }),
  keeps("never", { more: `${TEXT}\n  update: { never: {} }` }),
  keeps("anew", {
    more: `${data("text: fixed")}\n  update: { recreate: { delay: 1 } }`,
  }),
  keeps("destroyed", {
    api: "owned: false",
    more: `${TEXT}\n  delete: { destroy: {} }`,
  }),
  keeps("elsewhere", { more: TEXT, namespace: SHARED }),
  keeps("given", {
    api: "readonly: true",
    more: "resource: {}\n  return: { text: =resource.data.text }",
  }),
].join("");

export const conditionType = (label: string) => `${label.slice(0, 1).toUpperCase()}${label.slice(1)}Ready`;

/** @param labels - of the steps it has */
export const workflow = (labels: readonly string[]) => `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: taken-over }
spec:
  crdRef: { apiGroup: e2e.koreo.test, version: v1, kind: Order }
  steps:
${labels
  .map(
    (label) => `    - label: ${label}
      ref: { kind: ResourceFunction, name: ${label} }
      inputs: { namespace: =parent.metadata.namespace, text: =parent.spec.text }
      condition: { type: ${conditionType(label)}, name: The ${label} }
`,
  )
  .join("")}---`;

/** As Python's `json.dumps` writes it. */
function pythonJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(pythonJson).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${pythonJson(inner)}`);
  return `{${members.join(", ")}}`;
}

export interface Original {
  readonly namespace?: string;
  readonly kind?: string;
  /** Of its last write, with values of `create.overlay` among them. */
  readonly sent: JsonObject;
  /** As it stands now, where others have written, too. */
  readonly data: JsonObject;
  readonly owners?: readonly JsonObject[];
}

export function originalObject(
  label: Label,
  { namespace = APPS, kind = "ConfigMap", sent, data, owners = [] }: Original,
): JsonObject {
  const head = { apiVersion: "v1", kind };
  const place = { name: `old-${label}`, namespace };
  const references = owners.length === 0 ? {} : { ownerReferences: owners };
  const record = pythonJson({
    ...head,
    metadata: { ...place, ...references },
    data: sent,
  });
  const annotations = { [LAST_APPLIED]: record, "their.own/note": "kept" };
  return {
    ...head,
    metadata: {
      ...place,
      ...references,
      annotations,
      labels: { team: "blue" },
    },
    data,
  };
}

/** The status conditions of the original: always "True", with times of its own. */
export const originalCondition = (type: string, name: string) => ({
  type,
  status: "True",
  reason: "Ready",
  message: `${name} ready.`,
  location: "taken-over",
  lastUpdateTime: "2026-01-02T03:04:05.678901+00:00",
  lastTransitionTime: "2026-01-02T03:04:05.678901+00:00",
});
