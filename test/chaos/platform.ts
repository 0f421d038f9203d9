/**
 * The definitions of two teams, which users edit while the run goes on: a chain with a forEach (Shop), Workflows in Workflows
 * (Site), and objects that no owner reference can hold, `delete: destroy`, a shared Namespace and a foreign object that is
 * read (Space).
 */

/** What the teams have changed so far. */
export interface PlatformState {
  /** Stands in an object of every Shop and Site; rises with every edit of the functions. */
  readonly revision: number;
  /** Whether the Workflows of Shops and Sites have a further step. */
  readonly hasExtra: boolean;
}

export const FIRST_STATE: PlatformState = { revision: 1, hasExtra: false };

export const TEAMS = ["team-a", "team-b"] as const;
export const SHOPS = "shops";
export const SITES = "sites";
export const SPACES = "spaces";
/** A foreign ConfigMap in the namespace of the Spaces, which they read. */
export const REFERENCE = { name: "reference", text: "given" } as const;

interface Step {
  readonly label: string;
  readonly kind?: "Workflow";
  readonly name: string;
  /** YAML flow. */
  readonly inputs: string;
  readonly more?: string;
}

const HEAD = "name: =parent.metadata.name, namespace: =parent.metadata.namespace";
const ITEMS = "      forEach: { itemIn: =parent.spec.items, inputKey: item }\n";

/** Everything both teams wrote, as YAML documents. */
export function definitionsOf(state: PlatformState): string {
  return teamA(state) + teamB(state);
}

function teamA({ revision, hasExtra }: PlatformState): string {
  const [team] = TEAMS;
  const steps: readonly Step[] = [
    { label: "config", name: "config", inputs: `${HEAD}, text: =parent.spec.text` },
    { label: "lock", name: "lock", inputs: `${HEAD}, text: =steps.config.text` },
    { label: "items", name: "item", inputs: `${HEAD}, text: =steps.config.text`, more: ITEMS },
    ...(hasExtra ? [{ label: "extra", name: "extra", inputs: `${HEAD}, text: =parent.spec.text` }] : []),
  ];
  return (
    workflow(team, "shop", steps, "Shop") +
    configMap(team, "config", `{ text: =inputs.text, revision: "='${revision}'" }`, RETURN) +
    lease(team, "lock") +
    configMap(team, "item", "{ text: =inputs.text, item: =inputs.item }", "", '"-item-" + inputs.item') +
    configMap(team, "extra", "{ text: =inputs.text }")
  );
}

function teamB({ revision, hasExtra }: PlatformState): string {
  const [, team] = TEAMS;
  const parts: readonly Step[] = [
    { label: "first", name: "first", inputs: "name: =parent.name, namespace: =parent.namespace, text: =parent.text" },
    {
      label: "second",
      name: "second",
      inputs: "name: =parent.name, namespace: =parent.namespace, text: =steps.first.text",
      more: "      state: { text: =value.text }\n",
    },
  ];
  const page: readonly Step[] = [
    {
      label: "page",
      name: "page",
      inputs: "name: =parent.name, namespace: =parent.namespace, text: =parent.text, item: =parent.item",
    },
  ];
  const site: readonly Step[] = [
    { label: "parts", kind: "Workflow", name: "site-parts", inputs: `${HEAD}, text: =parent.spec.text` },
    {
      label: "pages",
      kind: "Workflow",
      name: "site-page",
      inputs: `${HEAD}, text: =steps.parts.text`,
      more: ITEMS,
    },
    ...(hasExtra ? [{ label: "extra", name: "extra", inputs: `${HEAD}, text: =parent.spec.text` }] : []),
  ];
  const space: readonly Step[] = [
    { label: "place", name: "place", inputs: "group: =parent.spec.group" },
    { label: "role", name: "role", inputs: `${HEAD}, text: =parent.spec.text` },
    { label: "given", name: "given", inputs: HEAD },
    {
      label: "far",
      name: "far",
      inputs: "name: =parent.metadata.name, namespace: =steps.place.name, text: =parent.spec.text",
    },
    { label: "near", name: "near", inputs: `${HEAD}, text: =parent.spec.text, given: =steps.given.text` },
  ];
  return (
    workflow(team, "site-parts", parts) +
    workflow(team, "site-page", page) +
    workflow(team, "site", site, "Site") +
    configMap(team, "first", `{ text: =inputs.text, revision: "='${revision}'" }`, RETURN) +
    lease(team, "second", "  return: { text: =resource.spec.holderIdentity }\n") +
    configMap(team, "page", "{ text: =inputs.text, item: =inputs.item }", "", '"-page-" + inputs.item') +
    configMap(team, "extra", "{ text: =inputs.text }") +
    workflow(team, "space", space, "Space") +
    PLACE +
    ROLE +
    GIVEN +
    configMap(team, "far", "{ text: =inputs.text }", DESTROY) +
    configMap(team, "near", "{ text: =inputs.text, given: =inputs.given }", DESTROY, '"-near"', ", owned: false")
  );
}

const RETURN = "  return: { text: =resource.data.text }\n";
const DESTROY = "  delete: { destroy: {} }\n";

function workflow(team: string, name: string, steps: readonly Step[], kind?: string): string {
  const lines = steps.map(
    (step) => `    - label: ${step.label}
      ref: { kind: ${step.kind ?? "ResourceFunction"}, name: ${step.name} }
      inputs: { ${step.inputs} }
${step.more ?? ""}`,
  );
  const crdRef = kind === undefined ? "" : `  crdRef: { apiGroup: chaos.koreo.test, version: v1, kind: ${kind} }\n`;
  return `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: ${name}, namespace: ${team} }
spec:
${crdRef}  steps:
${lines.join("")}---`;
}

/** @param suffix - CEL, what follows the trigger's name in the object's */
function configMap(team: string, name: string, data: string, more = "", suffix = `"-${name}"`, api = ""): string {
  return `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name}, namespace: ${team} }
spec:
  apiConfig: { apiVersion: v1, kind: ConfigMap, name: '=inputs.name + ${suffix}', namespace: =inputs.namespace${api} }
  resource: { data: ${data} }
${more}---`;
}

function lease(team: string, name: string, more = ""): string {
  return `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name}, namespace: ${team} }
spec:
  apiConfig:
    apiVersion: coordination.k8s.io/v1
    kind: Lease
    name: =inputs.name + "-${name}"
    namespace: =inputs.namespace
  resource: { spec: { holderIdentity: =inputs.text } }
${more}---`;
}

const PLACE = `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: place, namespace: ${TEAMS[1]} }
spec:
  apiConfig: { apiVersion: v1, kind: Namespace, name: ="shared-" + inputs.group, namespaced: false }
  resource: { metadata: { labels: { chaos.koreo.test/shared: "yes" } } }
  return: { name: =resource.metadata.name }
---`;

const ROLE = `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: role, namespace: ${TEAMS[1]} }
spec:
  apiConfig:
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    name: ="chaos-" + inputs.name
    namespaced: false
  resource:
    rules:
      - { apiGroups: [""], resources: [configmaps], resourceNames: [=inputs.text], verbs: [get] }
${DESTROY}---`;

const GIVEN = `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: given, namespace: ${TEAMS[1]} }
spec:
  apiConfig: { apiVersion: v1, kind: ConfigMap, name: ${REFERENCE.name}, namespace: =inputs.namespace, readonly: true }
  resource: {}
  return: { text: =resource.data.text }
---`;
