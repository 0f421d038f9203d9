/** `koreo check`: everything that can be said about definitions in files without a cluster. */
import { specSchemasOf } from "../../core/check/api-schema.ts";
import { specChecksOf } from "../../core/manifest/schema.ts";
import { readCrds } from "../../processes/shared/crds.ts";
import { checkDefinitions } from "../check-definitions.ts";
import { countsOf, formatFindings, type CheckFormat } from "../check-formats.ts";
import { readDefinitions } from "../definition-files.ts";
import { CommandFailed } from "../failure.ts";

export interface CheckOptions {
  readonly output: CheckFormat;
  readonly strict?: true;
}

/** @throws CommandFailed when there are errors (with `strict`: warnings), or there is nothing to check */
export function check(targets: readonly string[], { output, strict }: CheckOptions): void {
  const crds = readCrds().map(({ object }) => object);
  const [checks, schemas] = [specChecksOf(crds), specSchemasOf(crds)];
  const definitions = readDefinitions(targets.length === 0 ? ["."] : targets, checks);
  const findings = checkDefinitions(definitions, { checks, schemas });
  console.log(formatFindings(output, findings, definitions.all.length));

  const { errors, warnings } = countsOf(findings);
  if (definitions.all.length === 0 && errors === 0) {
    const [only, ...more] = definitions.files.keys();
    const where = only !== undefined && more.length === 0 ? only : `${definitions.files.size} manifest files`;
    throw new CommandFailed(`no definition found in ${where}`);
  }
  if (errors > 0 || (strict === true && warnings > 0)) throw new CommandFailed("the definitions have findings");
}
