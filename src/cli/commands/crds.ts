/** The flags of `koreo crds`. */
import { Option, type Command } from "commander";
import type { CrdsOptions } from "../actions/crds.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";

export function addCrds(program: Command): void {
  const command = program
    .command("crds")
    .description("print the CustomResourceDefinitions of Koreo's kinds, or install them")
    .option("--install", "apply them to the cluster and wait until they are served")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"));
  addSettings(command, CLUSTER_FLAGS)
    .addHelpText("after", "\nExample:\n  koreo crds | kubectl apply --server-side -f -")
    .action(async (options: CrdsOptions) => {
      const { crds } = await import("../actions/crds.ts");
      await crds(options);
    });
}
