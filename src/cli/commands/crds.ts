/** `koreo crds`: the five CustomResourceDefinitions, printed or installed. */
import type { Command } from "commander";
import { stringify } from "yaml";
import type { ConfigFlags } from "../../processes/shared/config.ts";
import { readCrds } from "../../processes/shared/crds.ts";
import { failed, withConnection } from "../connection.ts";
import { addSettings, CLUSTER_FLAGS } from "../flags.ts";
import { applyObject } from "../server-apply.ts";
import { nameOf } from "./apply.ts";

interface CrdsOptions extends ConfigFlags {
  readonly install?: true;
  readonly output: "yaml" | "json";
}

export function addCrds(program: Command): void {
  const command = program
    .command("crds")
    .description("print the CustomResourceDefinitions of Koreo's five kinds, or install them")
    .option("--install", "apply them to the cluster and wait until they are served")
    .option("-o, --output <format>", "how to print: yaml or json", "yaml");
  addSettings(command, CLUSTER_FLAGS)
    .addHelpText("after", "\nExample:\n  koreo crds | kubectl apply --server-side -f -")
    .action((options: CrdsOptions) => (options.install === true ? install(options) : print(options)));
}

function print({ output }: CrdsOptions): void {
  const objects = readCrds().map(({ object }) => object);
  if (output === "json") console.log(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2));
  else console.log(objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join(""));
}

async function install(options: CrdsOptions): Promise<void> {
  await withConnection(options, async (connection) => {
    for (const { object } of readCrds()) {
      const applied = await applyObject(connection, object, "");
      if (applied.kind === "fault") throw failed(nameOf(object), applied.fault);
      console.log(`${nameOf(object)} ${applied.kind}`);
    }
  });
}
