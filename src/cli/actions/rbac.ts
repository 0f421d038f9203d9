/** `koreo rbac`: the least roles for a set of definitions, from files or from a cluster. */
import { stringify } from "yaml";
import { isBuiltInGroup } from "../../core/built-in-groups.ts";
import { member, memberAt, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import { definitionOf } from "../../core/manifest/definition.ts";
import { DEFINITION_PLURALS, KOREO_GROUP, KOREO_VERSION } from "../../core/names.ts";
import { compileCatalog, type Catalog } from "../../core/plan/catalog.ts";
import { kindText, needsOf, type KindNeeds } from "../../core/rbac/needs.ts";
import { rolesFor, type RoleName } from "../../core/rbac/roles.ts";
import { parseConfig } from "../../processes/shared/config.ts";
import { type ConfigFlags } from "../../processes/shared/settings.ts";
import { readSpecChecks } from "../../processes/shared/crds.ts";
import { failed, withConnection, type Connection } from "../connection.ts";
import { readDefinitions } from "../definition-files.ts";
import { CommandFailed } from "../failure.ts";

export interface RbacOptions extends ConfigFlags {
  readonly fromCluster?: true;
  readonly role?: RoleName;
  readonly scope: "cluster" | "namespace";
  readonly serviceAccount?: string;
  readonly output: "yaml" | "json";
}

/** @throws CommandFailed when there are no definitions, or a kind is not known; what is known is printed first */
export async function rbac(targets: readonly string[], options: RbacOptions): Promise<void> {
  const config = parseConfig(options, process.env);
  const { triggerNamespaces } = config;
  if (options.scope === "namespace" && triggerNamespaces === "all")
    throw new CommandFailed("--scope namespace: name the namespaces of triggers and their objects by --namespaces");
  const account = accountOf(options.serviceAccount);
  const { catalog, namespaces, kinds, unknown } =
    options.fromCluster === true
      ? await onCluster(options, config.definitionNamespaces)
      : inFiles(targets.length === 0 ? ["."] : targets);
  if (catalog.entries.length === 0) throw new CommandFailed("no definitions found");

  const roles: readonly RoleName[] = options.role === undefined ? ["watcher", "worker"] : [options.role];
  const objects = roles.flatMap((role) =>
    rolesFor({
      role,
      name: config.name,
      kinds,
      definitionNamespaces: config.definitionNamespaces ?? namespaces,
      objectNamespaces: options.scope === "cluster" || triggerNamespaces === "all" ? "all" : triggerNamespaces,
      account,
    }),
  );
  if (options.output === "json")
    console.log(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2));
  else
    console.log(
      objects
        .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
        .join("---\n")
        .trimEnd(),
    );
  for (const each of unknown) console.error(`koreo: not known: ${each}`);
  if (unknown.length > 0) throw new CommandFailed(`${unknown.length} not known, see above; the rest is printed`);
}

interface Found {
  readonly catalog: Catalog;
  /** Of the definitions. */
  readonly namespaces: readonly string[];
  /** Those with a plural. */
  readonly kinds: readonly KindNeeds[];
  readonly unknown: readonly string[];
}

interface Served {
  readonly plural: string;
  readonly namespaced: boolean;
}

function inFiles(targets: readonly string[]): Found {
  const { catalog, all, crds, unreadable } = readDefinitions(targets, readSpecChecks());
  const faults = unreadable.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  const { kinds, unknown } = needsOf(catalog);
  const served = kinds.map((each) => ({ each, as: asCrdSays(crds, each) ?? asAuthorSays(each) }));
  const missing = served
    .filter(({ as }) => as === undefined)
    .map(
      ({ each }) =>
        `the plural of ${kindText(each)}: add its CRD to the files, \`plural\` to a function about it, or ask --from-cluster`,
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

/** Kubernetes' own kinds are in the plural as English has it, but for this one. */
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

function onCluster(flags: ConfigFlags, given: readonly string[] | undefined): Promise<Found> {
  return withConnection(flags, async (connection) => {
    const namespaces = given ?? [connection.namespace];
    const objects = (await Promise.all(namespaces.map((each) => definitionsOn(connection, each)))).flat();
    const sources = objects.flatMap((object) => definitionOf(object, "default") ?? []);
    const catalog = compileCatalog(sources, { namespaces, checks: readSpecChecks() });
    const { kinds, unknown } = needsOf(catalog);
    const served = await Promise.all(
      kinds.map(async (each) => ({ each, type: await connection.store.resolve(each, connection.signal) })),
    );
    const missing = served.flatMap(({ each, type }) =>
      type.kind === "ok" ? [] : [`${kindText(each)}: ${type.fault.detail}`],
    );
    const known = served.flatMap(({ each, type }) =>
      type.kind === "ok" ? [{ ...each, plural: type.value.plural, namespaced: type.value.namespaced }] : [],
    );
    return { catalog, namespaces, kinds: known, unknown: [...unknown, ...missing] };
  });
}

async function definitionsOn({ client, signal }: Connection, namespace: string): Promise<readonly JsonObject[]> {
  const lists = await Promise.all(
    Object.entries(DEFINITION_PLURALS).map(async ([kind, plural]) => {
      const path = `/apis/${KOREO_GROUP}/${KOREO_VERSION}/namespaces/${namespace}/${plural}`;
      const answer = await client.request({ method: "GET", path, verb: "list", kind }, signal);
      if (answer.kind === "fault") throw failed(`${plural} in ${namespace}`, answer.fault);
      const items = (member(answer.value, "items") ?? []) as readonly JsonValue[];
      return items.map((item) => ({ apiVersion: `${KOREO_GROUP}/${KOREO_VERSION}`, kind, ...(item as JsonObject) }));
    }),
  );
  return lists.flat();
}

function accountOf(text: string | undefined): { readonly namespace: string; readonly name: string } | undefined {
  if (text === undefined) return undefined;
  const [namespace = "", name = "", ...more] = text.split("/");
  if (namespace !== "" && name !== "" && more.length === 0) return { namespace, name };
  throw new CommandFailed(`--service-account "${text}": write namespace/name`);
}
