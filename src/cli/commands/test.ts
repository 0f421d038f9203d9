/** The flags of `koreo test`. */
import { Option, type Command } from "commander";
import type { TestOptions } from "../actions/test.ts";
import { TEST_FORMATS } from "../test-formats.ts";

export function addTest(program: Command): void {
  program
    .command("test")
    .description("run the FunctionTests and WorkflowTests in files and folders; needs no cluster")
    .argument("[paths...]", "files and folders: .yaml, .yml, .koreo, .k (default: the current folder)")
    .addOption(new Option("-o, --output <format>", "how to report").choices([...TEST_FORMATS]).default("text"))
    .option("--filter <text>", "only tests whose name, or cases whose label, holds this text")
    .addOption(
      new Option("--faults", "play WorkflowTests under every single fault of their requests, too").conflicts("watch"),
    )
    .addOption(
      new Option("--fault <fault>", "play this one alone, such as 7:lost-answer (the 7th request of a case)").conflicts(
        "watch",
      ),
    )
    .option("--coverage", "tell which predicates, overlays, steps, switch cases and writes the tests exercise")
    .option("--watch", "run again what a saved file affects, until Ctrl-C")
    .addHelpText(
      "after",
      "\nExamples:\n  koreo test examples/platform\n  koreo test --filter service\n  koreo test -o junit > junit.xml\n  koreo test --faults examples/guide\n\nEnds with 1 when a test fails, a file cannot be read, or there is no test.",
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      const { test } = await import("../actions/test.ts");
      await test(paths, options);
    });
}
