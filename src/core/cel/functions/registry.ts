/** Every function of the language by name. A further family is one more line here. */
import { builtinFunctions } from "./builtin.ts";
import { base64Functions } from "./base64.ts";
import { conversionFunctions } from "./conversions.ts";
import type { CelFunction } from "./function.ts";
import { jsonFunctions } from "./json.ts";
import { readinessFunctions } from "./readiness.ts";
import { referenceFunctions } from "./references.ts";
import { stringFunctions } from "./strings.ts";
import { structureFunctions } from "./structure.ts";
import { timeFunctions } from "./time.ts";

const FAMILIES: readonly (readonly CelFunction[])[] = [
  builtinFunctions,
  conversionFunctions,
  timeFunctions,
  referenceFunctions,
  readinessFunctions,
  structureFunctions,
  jsonFunctions,
  stringFunctions,
  base64Functions,
];

/** In the order of the families; for documents and `koreo check`. */
export const ALL_FUNCTIONS: readonly CelFunction[] = FAMILIES.flat();

const BY_NAME: ReadonlyMap<string, CelFunction> = new Map(ALL_FUNCTIONS.map((each) => [each.name, each]));

export function findFunction(name: string): CelFunction | undefined {
  return BY_NAME.get(name);
}
