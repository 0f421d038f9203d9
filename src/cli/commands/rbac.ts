/** The flags of `koreo rbac`. */
import { Option, type Command } from "commander";
import type { RbacOptions } from "../actions/rbac.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";

export function addRbac(program: Command): void {
  const command = program
    .command("rbac")
    .description("print the roles that watchers and workers need for a set of definitions, and no more")
    .argument("[paths...]", "files and folders with definitions, and the CRDs of their kinds")
    .option("--from-cluster", "the definitions that are on the cluster instead, and its kinds")
    .addOption(new Option("--role <role>", "only of one of them").choices(["watcher", "worker"]))
    .addOption(
      new Option("--scope <scope>", "where triggers and objects are: namespace asks for --namespaces")
        .choices(["cluster", "namespace"])
        .default("cluster"),
    )
    .option("--service-account <namespace/name>", "bind the roles to this account")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"));
  addSettings(command, [...CLUSTER_FLAGS, "namespaces", "definitionNamespaces", "name"])
    .addHelpText(
      "after",
      "\nExamples:\n  koreo rbac examples/platform --role worker --service-account koreo/worker | kubectl apply -f -\n  koreo rbac --from-cluster --scope namespace --namespaces team-a,team-b\n\nEnds with 1 where a kind is not known; the rest is printed all the same.",
    )
    .action(async (paths: readonly string[], options: RbacOptions) => {
      const { rbac } = await import("../actions/rbac.ts");
      await rbac(paths, options);
    });
}
