/** The flags of `koreo inspect`. */
import type { Command } from "commander";
import type { InspectOptions } from "../actions/inspect.ts";
import { addOutput, addSettings, CLUSTER_FLAGS } from "../flags.ts";

export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .description("show a trigger with its conditions and the tree of its objects, through nested Workflows")
    .argument("<kind>", "kind, plural or short name, with .group where it is ambiguous")
    .argument("<name>", "the trigger")
    .option("-n, --namespace <name>", "namespace (default: the context's)")
    .option("-w, --watch", "show it again whenever something changes")
    .option(
      "-v, --verbose",
      "conditions of every object; -vv its spec, -vvv all of it",
      (_text, count: number) => count + 1,
      0,
    );
  addSettings(addOutput(command), CLUSTER_FLAGS)
    .addHelpText(
      "after",
      "\nExamples:\n  koreo inspect webapp shop -n team-a\n  koreo inspect webapp shop -n team-a --watch",
    )
    .action(async (kind: string, name: string, options: InspectOptions) => {
      const { inspect } = await import("../actions/inspect.ts");
      await inspect(kind, name, options);
    });
}
