/** Which kinds a set of definitions needs, from files or from a cluster: for the roles that `koreo rbac` prints. */
import { isBuiltInGroup } from "../core/built-in-groups.ts";
import { memberAt, textMember, type JsonObject } from "../core/json.ts";
import { DEFINITION_PLURALS } from "../core/names.ts";
import { compileCatalog, type Catalog } from "../core/plan/catalog.ts";
import type { DefinitionKind } from "../core/plan/plan.ts";
import { shownKind, needsOf, type KindNeeds } from "../core/rbac/needs.ts";
import { readSpecChecks } from "../processes/shared/crds.ts";
import type { ConfigFlags } from "../processes/shared/settings.ts";
import { withConnection } from "./connection.ts";
import { readDefinitions } from "./definition-files.ts";
import { definitionsIn } from "./definitions-on-cluster.ts";

const DEFINITION_KINDS = Object.keys(DEFINITION_PLURALS) as readonly DefinitionKind[];

/** The kinds that a set of definitions needs, as a server has them. */
export interface Found {
  readonly catalog: Catalog;
  /** Namespaces of the definitions. */
  readonly namespaces: readonly string[];
  /** The kinds whose plural is known. */
  readonly kinds: readonly KindNeeds[];
  readonly unknown: readonly string[];
}

interface Served {
  readonly plural: string;
  readonly namespaced: boolean;
}

export function inFiles(targets: readonly string[]): Found {
  const { catalog, all, crds, unreadable } = readDefinitions(targets, readSpecChecks());
  const faults = unreadable.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  const { kinds, unknown } = needsOf(catalog);
  const served = kinds.map((each) => ({ each, as: asCrdSays(crds, each) ?? asAuthorSays(each) }));
  const missing = served
    .filter(({ as }) => as === undefined)
    .map(
      ({ each }) =>
        `the plural of ${shownKind(each)}: add its CRD to the files, \`plural\` to a function about it, or ask --from-cluster`,
    );
  return {
    catalog,
    namespaces: [...new Set(all.map(({ source }) => source.namespace))],
    kinds: served.flatMap(({ each, as }) => (as === undefined ? [] : [{ ...each, ...as }])),
    unknown: [...faults, ...unknown, ...missing],
  };
}

function asCrdSays(crds: readonly JsonObject[], { group, kind }: KindNeeds): Served | undefined {
  const crd = crds.find(
    (each) =>
      textMember(each["spec"], "group") === group && textMember(memberAt(each, ["spec", "names"]), "kind") === kind,
  );
  if (crd === undefined) return undefined;
  const plural = textMember(memberAt(crd, ["spec", "names"]), "plural");
  return { plural, namespaced: textMember(crd["spec"], "scope") !== "Cluster" };
}

/** Kubernetes' own kinds have regular English plurals, with one exception. */
function asAuthorSays({ group, kind, plural, namespaced }: KindNeeds): Served | undefined {
  if (plural !== "") return { plural, namespaced };
  if (!isBuiltInGroup(group)) return undefined;
  const name = kind.toLowerCase();
  if (name === "endpoints") return { plural: name, namespaced };
  const regular = /[^aeiou]y$/.test(name)
    ? `${name.slice(0, -1)}ies`
    : /(?:s|x|ch)$/.test(name)
      ? `${name}es`
      : `${name}s`;
  return { plural: regular, namespaced };
}

export function onCluster(flags: ConfigFlags, given: readonly string[] | undefined): Promise<Found> {
  return withConnection(flags, async (connection) => {
    const namespaces = given ?? [connection.namespace];
    const sources = await definitionsIn(connection, DEFINITION_KINDS, namespaces);
    const catalog = compileCatalog(sources, { namespaces, checks: readSpecChecks() });
    const { kinds, unknown } = needsOf(catalog);
    const served = await Promise.all(
      kinds.map(async (each) => ({ each, type: await connection.store.resolve(each, connection.signal) })),
    );
    const missing = served.flatMap(({ each, type }) =>
      type.kind === "ok" ? [] : [`${shownKind(each)}: ${type.fault.detail}`],
    );
    const known = served.flatMap(({ each, type }) =>
      type.kind === "ok" ? [{ ...each, plural: type.value.plural, namespaced: type.value.namespaced }] : [],
    );
    return { catalog, namespaces, kinds: known, unknown: [...unknown, ...missing] };
  });
}
