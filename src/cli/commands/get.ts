/** The flags of `koreo get`. */
import type { Command } from "commander";
import type { GetOptions } from "../actions/get.ts";
import { addOutput, addSettings, CLUSTER_FLAGS } from "../flags.ts";

export function addGet(program: Command): void {
  const command = program
    .command("get")
    .description(
      "show triggers or definitions and whether they are ready; with NAME also conditions and managed objects",
    )
    .argument("<kind>", "kind, plural or short name, with .group where it is ambiguous")
    .argument("[name]", "one object")
    .option("-n, --namespace <name>", "namespace (default: the context's)")
    .option("-A, --all-namespaces", "all namespaces");
  addSettings(addOutput(command), CLUSTER_FLAGS)
    .addHelpText(
      "after",
      "\nExamples:\n  koreo get workflows -A\n  koreo get webapp shop -n team-a\n  koreo get webapp shop -n team-a -o json",
    )
    .action(async (kind: string, name: string | undefined, options: GetOptions) => {
      const { get } = await import("../actions/get.ts");
      await get(kind, name, options);
    });
}
