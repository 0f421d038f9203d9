/** Manifests of the e2e suite: the smallest platform that has a chain of objects, as YAML that tests vary. */

/** A trigger. @param spec - as YAML flow, such as `{ text: hello }` */
export function widget(name: string, spec = "{ text: hello }", namespace = "apps"): string {
  return `
apiVersion: e2e.koreo.test/v1
kind: Widget
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
---`;
}

/** A Workflow for Widgets. @param steps - YAML list items, indented by four */
export function workflow(name: string, steps: string, kind = "Widget"): string {
  return `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: ${name} }
spec:
  crdRef: { apiGroup: e2e.koreo.test, version: v1, kind: ${kind} }
  steps:
${steps}
---`;
}

/** One step that calls a ResourceFunction of the same name with the trigger's name and spec. */
export function step(
  label: string,
  { name = label, more = "" }: { readonly name?: string; readonly more?: string } = {},
) {
  return `    - label: ${label}
      ref: { kind: ResourceFunction, name: ${name} }
      inputs: { name: =parent.metadata.name, namespace: =parent.metadata.namespace, spec: =parent.spec${more} }
      condition: { type: ${label[0]?.toUpperCase()}${label.slice(1)}Ready, name: The ${label} }
`;
}

/** A ConfigMap named `<trigger>-<function>`. @param data - YAML flow */
export function configMap(name: string, data: string, more = ""): string {
  return `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name} }
spec:
  apiConfig:
    apiVersion: v1
    kind: ConfigMap
    plural: configmaps
    name: =inputs.name + "-${name}"
    namespace: =inputs.namespace
  resource: { data: ${data} }
${more}
---`;
}

/** Widget -> ConfigMap `first` -> ConfigMap `second`, which carries what the first returned. */
export const CHAIN =
  workflow("chain", step("first") + step("second", { more: ", before: =steps.first" })) +
  configMap("first", "{ text: =inputs.spec.text, version: one }", "  return: { text: =resource.data.text }") +
  configMap("second", "{ text: =inputs.before.text }");

/** Objects whose writes the webhook of `refusing-webhook.ts` holds up, by the trigger's `spec.delay`. */
export const SLOW =
  workflow("slow", step("slow")) +
  configMap(
    "slow",
    "{ text: =inputs.spec.text }",
    `  overlays:
    - overlay: { metadata: { labels: { delay: =inputs.spec.delay } } }`,
  );
