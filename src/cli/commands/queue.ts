/** The flags of `koreo queue`. */
import { Option, type Command } from "commander";
import type { QueueOptions } from "../actions/queue.ts";
import { addOutput, addSettings, REDIS_FLAGS, wholeNumber } from "../flags.ts";

export function addQueue(program: Command): void {
  const command = program
    .command("queue")
    .description("list the keys that run, wait or are delayed: since when, for how long, why")
    .option("-n, --namespace <name>", "only keys of this namespace")
    .option("--kind <kind>", "only triggers of this kind")
    .addOption(new Option("--state <state>", "only keys in this state").choices(["running", "waiting", "delayed"]))
    .option("--failing", "only keys whose last run failed")
    .option("--limit <count>", "show at most so many, the most urgent first", wholeNumber, 100);
  addSettings(addOutput(command), REDIS_FLAGS)
    .addHelpText(
      "after",
      "\nExamples:\n  koreo queue --redis redis://127.0.0.1:6379\n  koreo queue --state waiting -n team-a\n  koreo queue --failing -o json",
    )
    .action(async (options: QueueOptions) => {
      const { queue } = await import("../actions/queue.ts");
      await queue(options);
    });
}
