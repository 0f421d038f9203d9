/** The flags of `koreo explain`. */
import type { Command } from "commander";
import type { ExplainOptions } from "../actions/explain.ts";
import { addOutput, addSettings, CLUSTER_FLAGS, REDIS_FLAGS } from "../flags.ts";

export function addExplain(program: Command): void {
  const command = program
    .command("explain")
    .description("say why a trigger is not ready: what it waits for, since when, what that says, and what happens next")
    .argument("<kind>", "kind, plural or short name, with .group where it is ambiguous")
    .argument("<name>", "the trigger")
    .option("-n, --namespace <name>", "namespace (default: the context's)");
  addSettings(addOutput(command), [...CLUSTER_FLAGS, ...REDIS_FLAGS])
    .addHelpText(
      "after",
      "\nWith --redis (or $KOREO_REDIS_URL) it also tells its place in the queue and its last run.\n\nExample:\n  koreo explain webapp shop -n team-a",
    )
    .action(async (kind: string, name: string, options: ExplainOptions) => {
      const { explain } = await import("../actions/explain.ts");
      await explain(kind, name, options);
    });
}
