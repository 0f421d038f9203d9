/** `koreo rbac`: the least roles for a set of definitions, from files or from a cluster. */
import { stringify } from "yaml";
import { rolesFor, type RoleName } from "../../core/rbac/roles.ts";
import { parseConfig } from "../../processes/shared/config.ts";
import { ConfigError, type ConfigFlags } from "../../processes/shared/settings.ts";
import { CommandFailed } from "../failure.ts";
import { inFiles, onCluster } from "../rbac-kinds.ts";

export interface RbacOptions extends ConfigFlags {
  readonly fromCluster?: true;
  readonly role?: RoleName;
  readonly scope: "cluster" | "namespace";
  readonly serviceAccount?: string;
  readonly output: "yaml" | "json";
}

/**
 * @throws ConfigError when flags do not fit together; CommandFailed when there are no definitions, or a kind is not
 * known, after what is known is printed
 */
export async function rbac(targets: readonly string[], options: RbacOptions): Promise<void> {
  const config = parseConfig(options, process.env);
  const { triggerNamespaces } = config;
  if (options.scope === "namespace" && triggerNamespaces === "all")
    throw new ConfigError("--scope namespace: name the namespaces of triggers and their objects by --namespaces");
  if (options.fromCluster === true && targets.length > 0)
    throw new ConfigError(
      `--from-cluster: ${targets.join(", ")} would not be read; give files, or --from-cluster alone`,
    );
  if (options.fromCluster !== true && targets.length === 0)
    throw new ConfigError("name the files or folders with the definitions, or read them by --from-cluster");
  const account = accountOf(options.serviceAccount);
  const { catalog, namespaces, kinds, unknown } =
    options.fromCluster === true ? await onCluster(options, config.definitionNamespaces) : inFiles(targets);
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

function accountOf(text: string | undefined): { readonly namespace: string; readonly name: string } | undefined {
  if (text === undefined) return undefined;
  const [namespace = "", name = "", ...more] = text.split("/");
  if (namespace !== "" && name !== "" && more.length === 0) return { namespace, name };
  throw new ConfigError(`--service-account "${text}": write namespace/name`);
}
