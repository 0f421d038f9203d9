/** `koreo apply`: manifests to the cluster, one line per object, CustomResourceDefinitions first. */
import { InvalidArgumentError, type Command } from "commander";
import { member, textMember, type JsonObject } from "../../core/json.ts";
import { parseApiVersion } from "../../core/object-key.ts";
import type { ConfigFlags } from "../../processes/shared/config.ts";
import { withConnection } from "../connection.ts";
import { CommandFailed } from "../failure.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";
import { readManifests } from "../manifest-files.ts";
import { applyObject, inApplyOrder } from "../server-apply.ts";

interface ApplyOptions extends ConfigFlags {
  readonly filename: readonly string[];
  readonly recursive?: true;
  readonly namespace?: string;
}

export function addApply(program: Command): void {
  const command = program
    .command("apply")
    .description("create or update objects from manifests (server-side apply)")
    .requiredOption("-f, --filename <path...>", "file, folder, or - for standard input", collect)
    .option("-R, --recursive", "folders within folders too")
    .option("-n, --namespace <name>", "for objects that name none (default: the context's namespace)");
  addSettings(command, CLUSTER_FLAGS).action(apply);
}

async function apply(options: ApplyOptions): Promise<void> {
  const read = options.filename.map((target) => readManifests(target, options.recursive === true));
  const faults = read.flatMap((each) => each.faults);
  for (const { source, message } of faults) console.error(`${source}: ${message}`);
  const objects = inApplyOrder(read.flatMap((each) => each.objects));
  let failures = faults.length;
  await withConnection(options, async (connection) => {
    for (const { source, object } of objects) {
      const applied = await applyObject(connection, object, options.namespace ?? connection.namespace);
      if (applied.kind !== "fault") {
        console.log(`${nameOf(object)} ${applied.kind}`);
        continue;
      }
      failures += 1;
      console.error(`${source}: ${nameOf(object)}: ${applied.fault.detail}`);
    }
  });
  if (failures > 0) throw new CommandFailed(`${failures} of ${objects.length + faults.length} could not be applied`);
}

/** `workflow.koreo.dev/name`, as kubectl calls an object. */
export function nameOf(object: JsonObject): string {
  const { group } = parseApiVersion(textMember(object, "apiVersion"));
  const kind = textMember(object, "kind").toLowerCase();
  return `${group === "" ? kind : `${kind}.${group}`}/${textMember(member(object, "metadata"), "name")}`;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  if (value === "") throw new InvalidArgumentError("name a file, a folder, or -");
  return [...before, value];
}
