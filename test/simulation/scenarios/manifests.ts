/** Short words for the manifests of scenarios. Parts given as text are YAML in flow style. */

const document = (head: string, body: string): string => `---\n${head}\n${body}\n`;

/** A trigger in the namespace of all triggers. */
export function trigger(name: string, spec: string, kind = "Request", more = ""): string {
  return document(
    `{ apiVersion: t.koreo.test/v1, kind: ${kind},`,
    `metadata: { name: ${name}${more} }, spec: ${spec} }`,
  );
}

/** A ConfigMap as a user writes it. */
export function configMap(name: string, data: string): string {
  return document("{ apiVersion: v1, kind: ConfigMap,", `metadata: { name: ${name} }, data: ${data} }`);
}

export interface StepText {
  readonly label: string;
  /** Kind of the logic; its name is the label unless given. */
  readonly kind?: "ResourceFunction" | "Workflow";
  readonly name?: string;
  readonly inputs?: string;
  /** Expression of the items. */
  readonly forEach?: string;
  readonly state?: string;
  /** Expression. */
  readonly skipIf?: string;
}

/** A Workflow; without `kind` one that only other Workflows call. */
export function workflow(name: string, steps: readonly StepText[], kind?: string): string {
  const items = steps.map((step) => {
    const { label, kind: logic = "ResourceFunction", name: called = label, inputs, forEach, state, skipIf } = step;
    return [
      `    - label: ${label}`,
      `      ref: { kind: ${logic}, name: ${called} }`,
      `      inputs: ${inputs ?? "{ name: =parent.metadata.name, spec: =parent.spec }"}`,
      ...(forEach === undefined ? [] : [`      forEach: { itemIn: "${forEach}", inputKey: item }`]),
      ...(state === undefined ? [] : [`      state: ${state}`]),
      ...(skipIf === undefined ? [] : [`      skipIf: "${skipIf}"`]),
    ].join("\n");
  });
  const crd = kind === undefined ? "" : `  crdRef: { apiGroup: t.koreo.test, version: v1, kind: ${kind} }\n`;
  const head = `{ name: ${name}, namespace: defs }`;
  return document(
    "apiVersion: koreo.dev/v1beta1\nkind: Workflow",
    `metadata: ${head}\nspec:\n${crd}  steps:\n${items.join("\n")}`,
  );
}

export interface FunctionText {
  /** Expression or text. */
  readonly object?: string;
  /** `apiVersion` and kind. */
  readonly of?: readonly [string, string];
  /** Everything of the object but its head. */
  readonly resource?: string;
  /** More of `apiConfig`, such as `owned: false`. */
  readonly api?: string;
  /** Of a kind without namespaces. */
  readonly isClusterScoped?: true;
  /** More of `spec`, one line each. */
  readonly more?: readonly string[];
}

/** A ResourceFunction that keeps a ConfigMap, unless it says otherwise. */
export function resourceFunction(name: string, given: FunctionText = {}): string {
  const { object = '=inputs.name + "-' + name + '"', of = ["v1", "ConfigMap"], api = "", more = [] } = given;
  const { resource = "{ data: { text: =inputs.spec.text } }" } = given;
  const place = given.isClusterScoped === true ? ", namespaced: false" : ", namespace: apps";
  const config = `{ apiVersion: ${of[0]}, kind: ${of[1]}, name: '${object}'${place}${api === "" ? "" : `, ${api}`} }`;
  return document(
    "apiVersion: koreo.dev/v1beta1\nkind: ResourceFunction",
    [
      `metadata: { name: ${name}, namespace: defs }`,
      "spec:",
      `  apiConfig: ${config}`,
      `  resource: ${resource}`,
      ...more.map((line) => `  ${line}`),
    ].join("\n"),
  );
}
