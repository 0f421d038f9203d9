/** The flags of `koreo check`. */
import { Option, type Command } from "commander";
import type { CheckOptions } from "../actions/check.ts";
import { CHECK_FORMATS } from "../check-formats.ts";

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("find what is wrong with definitions in files and folders; needs no cluster")
    .argument("[paths...]", "files and folders: .yaml, .yml, .koreo, .k (default: the current folder)")
    .addOption(new Option("-o, --output <format>", "how to report").choices([...CHECK_FORMATS]).default("text"))
    .option("--strict", "warnings fail the command, too")
    .addHelpText(
      "after",
      "\nExamples:\n  koreo check examples/platform\n  koreo check -o sarif > koreo.sarif\n\nEnds with 1 when there are errors.",
    )
    .action(async (paths: readonly string[], options: CheckOptions) => {
      const { check } = await import("../actions/check.ts");
      check(paths, options);
    });
}
