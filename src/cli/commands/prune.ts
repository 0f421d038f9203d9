/** The flags of `koreo prune`. */
import type { Command } from "commander";
import type { PruneOptions } from "../actions/prune.ts";
import { addOutput, addSettings, CLUSTER_FLAGS, seconds } from "../flags.ts";

export function addPrune(program: Command): void {
  const command = program
    .command("prune")
    .description("delete definitions that nothing uses, or with --objects what Koreo left behind; lists and asks first")
    .option("--objects", "objects whose trigger is gone, or names them no more, instead of definitions")
    .option("--kind <kind...>", "with --objects: only of these kinds, as KIND.group (default: all)")
    .option("-n, --namespace <name>", "with --objects: only in this namespace (default: all)")
    .option(
      "--older-than <seconds>",
      "with --objects: of triggers that live only objects older than this, longer than a run may last (default: 600)",
      seconds,
    )
    .option("--dry-run", "only list")
    .option("--yes", "delete without asking");
  addSettings(addOutput(command), [...CLUSTER_FLAGS, "definitionNamespaces"])
    .addHelpText(
      "after",
      "\nExamples:\n  koreo prune --definition-namespaces platform --dry-run\n  koreo prune --definition-namespaces platform\n  koreo prune --objects --dry-run -o json\n  koreo prune --objects --kind deployments.apps -n team-a\n\nEnds with 1 when something could not be looked at or deleted, with 2 without --yes where nobody can be asked.",
    )
    .action(async (options: PruneOptions) => {
      const { prune } = await import("../actions/prune.ts");
      await prune(options);
    });
}
