/** The flags of `koreo reconcile`, `koreo pause` and `koreo resume`. */
import { Option, type Command } from "commander";
import type { RequestOptions } from "../actions/reconcile.ts";
import { addSettings, CLUSTER_FLAGS, seconds } from "../flags.ts";

const REQUESTS = {
  reconcile: "run a trigger now and wait until it has run; fails when it is not ready then",
  pause: "keep a trigger from being written: its status goes on to say what differs",
  resume: "end a pause",
} as const;

export function addRequests(program: Command): void {
  for (const [verb, description] of Object.entries(REQUESTS)) {
    const command = program
      .command(verb)
      .description(description)
      .argument("<kind>", "kind, plural or short name, with .group where it is ambiguous")
      .argument("<name>", "the trigger")
      .option("-n, --namespace <name>", "namespace (default: the context's)")
      .option("--no-wait", "do not wait until a worker has acknowledged it")
      .addOption(new Option("--timeout <seconds>", "wait so long at most").argParser(seconds).default(60_000, "60"));
    addSettings(command, CLUSTER_FLAGS)
      .addHelpText("after", `\nExample:\n  koreo ${verb} webapp shop -n team-a`)
      .action(async (kind: string, name: string, options: RequestOptions) => {
        const actions = await import("../actions/reconcile.ts");
        await actions[verb as keyof typeof REQUESTS](kind, name, options);
      });
  }
}
