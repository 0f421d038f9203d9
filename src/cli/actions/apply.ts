/** `koreo apply`: manifests to the cluster, one line per object, CustomResourceDefinitions first. */
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { withConnection } from "../connection.ts";
import { CommandFailed } from "../failure.ts";
import { readManifests } from "../manifest-files.ts";
import { nameOf } from "../object-name.ts";
import { applyObject, inApplyOrder } from "../server-apply.ts";

export interface ApplyOptions extends ConfigFlags {
  readonly filename: readonly string[];
  readonly recursive?: true;
  readonly namespace?: string;
}

export async function apply(options: ApplyOptions): Promise<void> {
  const read = options.filename.map((target) => readManifests(target, options.recursive === true));
  for (const folder of read.flatMap((each) => each.leftOut)) console.error(`${folder}: left out; -R reads it, too`);
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
