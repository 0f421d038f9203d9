/** Every function of the language by name. One more line here adds a family. */
import { builtinFunctions } from "./builtin.ts";
import { base64Functions } from "./base64.ts";
import { conversionFunctions } from "./conversions.ts";
import { noSuchOverload, type CelFunction } from "./function.ts";
import type { Node } from "../node.ts";
import { kindOf } from "../value.ts";
import { encoderFunctions } from "./encoders.ts";
import { cidrFunctions } from "./cidr.ts";
import { formatFunctions } from "./format-text.ts";
import { ipFunctions } from "./ip.ts";
import { jsonFunctions } from "./json.ts";
import { listFunctions } from "./lists.ts";
import { mathFunctions } from "./math.ts";
import { namedFormatFunctions } from "./named-formats.ts";
import { optionalFunctions } from "./optionals.ts";
import { quantityFunctions } from "./quantity.ts";
import { regexFunctions } from "./regex.ts";
import { setFunctions } from "./sets.ts";
import { textLibrary } from "./text-library.ts";
import { readinessFunctions } from "./readiness.ts";
import { referenceFunctions } from "./references.ts";
import { stringFunctions } from "./strings.ts";
import { structureFunctions } from "./structure.ts";
import { timeFunctions } from "./time.ts";
import { urlFunctions } from "./url.ts";

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
  textLibrary,
  formatFunctions,
  listFunctions,
  setFunctions,
  mathFunctions,
  optionalFunctions,
  encoderFunctions,
  regexFunctions,
  urlFunctions,
  ipFunctions,
  cidrFunctions,
  quantityFunctions,
  namedFormatFunctions,
];

/** All functions in the order of the families, for documents and `koreo check`. */
export const ALL_FUNCTIONS: readonly CelFunction[] = FAMILIES.flat();

const BY_NAME: ReadonlyMap<string, CelFunction> = new Map(
  [...Map.groupBy(ALL_FUNCTIONS, ({ name }) => name)].map(([name, each]) => [name, merge(each)]),
);

export function findFunction(name: string): CelFunction | undefined {
  return BY_NAME.get(name);
}

/**
 * The function that `math.abs(x)` calls: its receiver names a namespace. Undefined for any other call, and when the
 * number of arguments does not fit but another function has the method's name: the receiver may be a variable.
 */
export function qualifiedFunction(node: Node): CelFunction | undefined {
  const [receiver] = node.children;
  if (node.op !== "call" || !node.isMethod || receiver?.op !== "name") return undefined;
  const found = BY_NAME.get(`${receiver.name}.${node.name}`);
  if (found === undefined) return undefined;
  const [least, most] = found.arity;
  const count = node.children.length - 1;
  const isTaken = count >= least && count <= most;
  return isTaken || !BY_NAME.has(node.name) ? found : undefined;
}

/** Merges functions of one name into one that selects by the kind of the first argument. */
function merge(functions: readonly CelFunction[]): CelFunction {
  const [only] = functions;
  if (only === undefined || functions.length === 1) return only as CelFunction;
  const byKind = new Map(functions.flatMap((each) => (each.on ?? []).map((kind) => [kind, each] as const)));
  const other = functions.find(({ on }) => on === undefined);
  const { name } = only;
  return {
    name,
    signature: functions.map(({ signature }) => signature).join(" | "),
    example: only.example,
    arity: [Math.min(...functions.map(({ arity }) => arity[0])), Math.max(...functions.map(({ arity }) => arity[1]))],
    apply: (site, ...args) => {
      const chosen = byKind.get(kindOf(args[0] ?? null)) ?? other;
      if (chosen === undefined) return noSuchOverload(name, site, ...args);
      const isTaken = args.length >= chosen.arity[0] && args.length <= chosen.arity[1];
      return isTaken ? chosen.apply(site, ...args) : noSuchOverload(name, site, ...args);
    },
  };
}
