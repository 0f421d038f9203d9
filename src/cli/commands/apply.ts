/** The flags of `koreo apply`. */
import { InvalidArgumentError, type Command } from "commander";
import type { ApplyOptions } from "../actions/apply.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";

export function addApply(program: Command): void {
  const command = program
    .command("apply")
    .description("create or update objects from manifests (server-side apply)")
    .requiredOption("-f, --filename <path...>", "file, folder, or - for standard input", collect)
    .option("-R, --recursive", "folders within folders too")
    .option("-n, --namespace <name>", "for objects that name none (default: the context's namespace)");
  addSettings(command, CLUSTER_FLAGS).action(async (options: ApplyOptions) => {
    const { apply } = await import("../actions/apply.ts");
    await apply(options);
  });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  if (value === "") throw new InvalidArgumentError("name a file, a folder, or -");
  return [...before, value];
}
