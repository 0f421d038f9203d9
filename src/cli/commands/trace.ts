/** The flags of `koreo trace`. */
import type { Command } from "commander";
import type { TraceOptions } from "../actions/trace.ts";
import { addOutput, addSettings, CLUSTER_FLAGS, REDIS_FLAGS, wholeNumber } from "../flags.ts";

export function addTrace(program: Command): void {
  const command = program
    .command("trace")
    .description("show the last run of a trigger as a tree with times: why it ran, how long it waited, what it did")
    .argument("<kind>", "kind, plural or short name, with .group where it is ambiguous")
    .argument("<name>", "the trigger")
    .option("-n, --namespace <name>", "namespace (default: the context's)")
    .option("-w, --watch", "go on with every further run")
    .option("--last <count>", "so many runs, the newest last", wholeNumber, 1);
  addSettings(addOutput(command), [...CLUSTER_FLAGS, ...REDIS_FLAGS])
    .addHelpText(
      "after",
      "\nExamples:\n  koreo trace webapp shop -n team-a\n  koreo trace webapp shop -n team-a --watch",
    )
    .action(async (kind: string, name: string, options: TraceOptions) => {
      const { trace } = await import("../actions/trace.ts");
      await trace(kind, name, options);
    });
}
