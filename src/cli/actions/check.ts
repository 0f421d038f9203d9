/** `koreo check`: reports everything it can find wrong with definitions in files, with or without a cluster. */
import { specSchemasOf } from "../../core/check/api-schema.ts";
import type { Finding } from "../../core/check/finding.ts";
import { checkAgainstServer } from "../../core/check/server/check-server.ts";
import { specChecksOf } from "../../core/manifest/schema.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { readCrds } from "../../processes/shared/crds.ts";
import { checkDefinitions } from "../check-definitions.ts";
import { countsOf, formatFindings, type CheckFormat } from "../check-formats.ts";
import { readDefinitions } from "../definition-files.ts";
import { CommandFailed } from "../failure.ts";

export interface CheckOptions extends ConfigFlags {
  readonly output: CheckFormat;
  readonly strict?: true;
  readonly server?: true;
}

/** @throws CommandFailed when there are errors (with `strict`: warnings), or nothing to check */
export async function check(targets: readonly string[], options: CheckOptions): Promise<void> {
  const { output, strict, server } = options;
  const crds = readCrds().map(({ object }) => object);
  const [checks, schemas] = [specChecksOf(crds), specSchemasOf(crds)];
  const definitions = readDefinitions(targets.length === 0 ? ["."] : targets, checks);
  const more = server === true ? await askServer(definitions.catalog, options) : [];
  const findings = checkDefinitions(definitions, { checks, schemas }, more);
  console.log(formatFindings(output, findings, definitions.all.length));

  const { errors, warnings } = countsOf(findings);
  if (definitions.all.length === 0 && errors === 0) {
    const [only, ...others] = definitions.files.keys();
    const where = only !== undefined && others.length === 0 ? only : `${definitions.files.size} manifest files`;
    throw new CommandFailed(`no definition found in ${where}`);
  }
  if (errors > 0 || (strict === true && warnings > 0)) throw new CommandFailed("the definitions have findings");
}

/** Loads the code that talks to a server only here, so that the command starts fast without one. */
async function askServer(catalog: Catalog, flags: ConfigFlags): Promise<readonly Finding[]> {
  const [{ withConnection }, { readServedApis }] = await Promise.all([
    import("../connection.ts"),
    import("../server-apis.ts"),
  ]);
  const apis = await withConnection(flags, (connection) => readServedApis(connection, catalog));
  return checkAgainstServer(catalog, apis);
}
