/** The flags of `koreo check`. */
import { Option, type Command } from "commander";
import type { CheckOptions } from "../actions/check.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";
import { CHECK_FORMATS } from "../check-formats.ts";

export function addCheck(program: Command): void {
  const command = program
    .command("check")
    .description("find what is wrong with definitions in files and folders; needs no cluster, but can ask one")
    .argument("[paths...]", "files and folders: .yaml, .yml, .koreo, .k (default: the current folder)")
    .addOption(new Option("-o, --output <format>", "how to report").choices([...CHECK_FORMATS]).default("text"))
    .option("--strict", "warnings fail the command, too")
    .option("--server", "ask the API server, too: which kinds it serves, and which fields they have");
  addSettings(command, CLUSTER_FLAGS)
    .addHelpText(
      "after",
      "\nExamples:\n  koreo check examples/platform\n  koreo check -o sarif > koreo.sarif\n  koreo check --server --context test\n\nEnds with 1 when there are errors.",
    )
    .action(async (paths: readonly string[], options: CheckOptions) => {
      const { check } = await import("../actions/check.ts");
      await check(paths, options);
    });
}
