/** `koreo crds`: our CustomResourceDefinitions, printed or installed. */
import { stringify } from "yaml";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { readCrds } from "../../processes/shared/crds.ts";
import { failed, withConnection } from "../connection.ts";
import { nameOf } from "../object-name.ts";
import { applyObject } from "../server-apply.ts";

export interface CrdsOptions extends ConfigFlags {
  readonly install?: true;
  readonly output: "yaml" | "json";
}

export async function crds(options: CrdsOptions): Promise<void> {
  if (options.install === true) await install(options);
  else print(options);
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
