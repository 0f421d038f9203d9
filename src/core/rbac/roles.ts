/**
 * The roles of watchers and workers: only what their definitions need. The chart makes the same roles from a list of
 * kinds in `charts/koreo/templates/_rules.tpl`; test/e2e/rbac.test.ts runs the demo with exactly these.
 */
import type { JsonObject } from "../json.ts";
import { DEFINITION_PLURALS, KOREO_GROUP, TRIGGER_KINDS_NAME } from "../names.ts";
import type { KindNeeds } from "./needs.ts";

export type RoleName = "watcher" | "worker";

export interface RolesRequest {
  readonly role: RoleName;
  /** Name of the installation: names of roles begin with it. */
  readonly name: string;
  /** Kinds with their plurals. */
  readonly kinds: readonly KindNeeds[];
  /** In priority order; the first one has the ConfigMap with the kinds of triggers. */
  readonly definitionNamespaces: readonly string[];
  /** Namespaces of triggers and their objects; "all" for roles of the whole cluster. */
  readonly objectNamespaces: readonly string[] | "all";
  /** The account that gets the roles; undefined: no bindings. */
  readonly account: { readonly namespace: string; readonly name: string } | undefined;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC_GROUP = "rbac.authorization.k8s.io";
const WATCH = ["get", "list", "watch"] as const;
const EVENTS: Rule = { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] };

/** @returns Roles, ClusterRoles and their bindings, as objects to apply */
export function rolesFor(request: RolesRequest): readonly JsonObject[] {
  const { role, name, kinds, definitionNamespaces, objectNamespaces } = request;
  const definitions = definitionNamespaces.flatMap((namespace, index) => {
    const rules = [...definitionRules(role), ...(role === "watcher" && index === 0 ? HOME : [])];
    return withBinding(request, { name: `${name}-${role}-definitions`, namespace, rules });
  });
  const isWide = objectNamespaces === "all";
  const rulesFor = (some: readonly KindNeeds[]) => [
    ...(role === "worker" && some.some(({ isTrigger }) => isTrigger) ? [EVENTS] : []),
    ...some.flatMap((kind) => objectRules(role, kind)),
  ];
  const wide = isWide ? kinds : kinds.filter(({ namespaced }) => !namespaced);
  const declarations = isWide && role === "worker" && kinds.length > 0 ? DECLARATIONS : [];
  const narrow = isWide ? [] : kinds.filter(({ namespaced }) => namespaced);
  return [
    ...definitions,
    ...withBinding(request, { name: `${name}-${role}`, namespace: "", rules: [...rulesFor(wide), ...declarations] }),
    ...(isWide ? [] : objectNamespaces).flatMap((namespace) =>
      withBinding(request, { name: `${name}-${role}`, namespace, rules: rulesFor(narrow) }),
    ),
  ];
}

/** Reading CRDs shows whether an unserved kind is gone for good; see `src/engine/declared-kind.ts`. */
const DECLARATIONS: readonly Rule[] = [
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["get", "list"] },
  { apiGroups: ["apiregistration.k8s.io"], resources: ["apiservices"], verbs: ["list"] },
];

/** RBAC cannot restrict a create to a name. */
const HOME: readonly Rule[] = [
  { apiGroups: [""], resources: ["configmaps"], resourceNames: [TRIGGER_KINDS_NAME], verbs: ["get", "patch"] },
  { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] },
];

function definitionRules(role: RoleName): readonly Rule[] {
  const plurals = Object.values(DEFINITION_PLURALS);
  const read: Rule = { apiGroups: [KOREO_GROUP], resources: plurals, verbs: WATCH };
  if (role === "watcher") return [read];
  const status = plurals.map((plural) => `${plural}/status`);
  return [read, { apiGroups: [KOREO_GROUP], resources: status, verbs: ["patch"] }, EVENTS];
}

function objectRules(role: RoleName, { group, plural, isTrigger, verbs }: KindNeeds): readonly Rule[] {
  const apiGroups = [group];
  if (role === "watcher") return [{ apiGroups, resources: [plural], verbs: WATCH }];
  const own = new Set<string>([...verbs, ...(isTrigger ? ["get", "patch"] : [])]);
  const rule = { apiGroups, resources: [plural], verbs: VERBS.filter((verb) => own.has(verb)) };
  if (!isTrigger) return [rule];
  return [
    rule,
    { apiGroups, resources: [`${plural}/status`], verbs: ["patch"] },
    // Needed for owner references that block their owner's deletion, when the admission plugin checks that.
    { apiGroups, resources: [`${plural}/finalizers`], verbs: ["update"] },
  ];
}

const VERBS = ["get", "list", "create", "patch", "delete"];

interface Role {
  readonly name: string;
  /** "" for the whole cluster. */
  readonly namespace: string;
  readonly rules: readonly Rule[];
}

function withBinding({ account }: RolesRequest, { name, namespace, rules }: Role): readonly JsonObject[] {
  if (rules.length === 0) return [];
  const kind = namespace === "" ? "ClusterRole" : "Role";
  const metadata = { name, ...(namespace === "" ? {} : { namespace }) };
  const apiVersion = `${RBAC_GROUP}/v1`;
  const role = { apiVersion, kind, metadata, rules: rules as unknown as readonly JsonObject[] };
  if (account === undefined) return [role];
  const roleRef = { apiGroup: RBAC_GROUP, kind, name };
  const subjects = [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }];
  return [role, { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects }];
}
