/** Koreo's functions that turn an object, or a reference, into a reference. Empty text and null count as absent. */
import { put } from "../maps.ts";
import { isTruthy } from "../truth.ts";
import { Fault, isPlainMap, type Site, type Value, type ValueMap } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const referenceFunctions: readonly CelFunction[] = [
  {
    name: "self_ref",
    signature: "self_ref(map) -> map",
    example: `self_ref({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}).name == "a"`,
    arity: [1, 1],
    apply: (site, object) => (isPlainMap(object) ? selfRef(object, site) : noSuchOverload("self_ref", site, object)),
  },
  reference("to_ref", `to_ref({"kind": "Pod", "name": "a", "uid": "x"}) == {"kind": "Pod", "name": "a"}`, [
    "apiVersion",
    "kind",
  ]),
  reference("group_ref", `group_ref({"apiVersion": "apps/v1", "name": "a"}) == {"apiGroup": "apps", "name": "a"}`, [
    "apiGroup",
    "kind",
  ]),
  reference("kindless_ref", `kindless_ref({"kind": "Pod", "name": "a"}) == {"name": "a"}`, []),
];

/** The own member; undefined when it is absent, null or empty. */
function present(map: ValueMap, name: string): Value | undefined {
  const value = Object.hasOwn(map, name) ? map[name] : undefined;
  return value !== undefined && isTruthy(value) ? value : undefined;
}

function selfRef(object: ValueMap, site: Site): Value {
  const result: Record<string, Value> = {};
  for (const name of ["apiVersion", "kind"]) {
    const value = present(object, name);
    if (value === undefined) return functionFault(`Missing \`${name}\`.`, site);
    result[name] = value;
  }
  const metadata = present(object, "metadata");
  if (metadata === undefined) return functionFault("Missing `metadata`.", site);
  for (const name of ["name", "namespace"]) {
    const value = isPlainMap(metadata) ? present(metadata, name) : undefined;
    if (value === undefined) return functionFault(`Missing \`metadata.${name}\`.`, site);
    result[name] = value;
  }
  return result;
}

function reference(name: string, example: string, kept: readonly string[]): CelFunction {
  return {
    name,
    signature: `${name}(map) -> map`,
    example,
    arity: [1, 1],
    apply: (site, source) => {
      if (Array.isArray(source) && source.length === 0) return needsName(site);
      return isPlainMap(source) ? buildReference(source, kept, site) : noSuchOverload(name, site, source);
    },
  };
}

function needsName(site: Site): Fault {
  return functionFault("`external` or `name` are required to build a reference.", site);
}

function buildReference(source: ValueMap, kept: readonly string[], site: Site): Value {
  const result: Record<string, Value> = {};
  for (const name of kept) {
    const value = present(source, name) ?? (name === "apiGroup" ? groupOf(source) : undefined);
    if (value !== undefined) put(result, name, value);
  }
  if (Object.hasOwn(source, "external")) {
    const external = present(source, "external");
    return external === undefined ? functionFault("`external` must contain a value.", site) : { ...result, external };
  }
  if (!Object.hasOwn(source, "name")) return needsName(site);
  const name = present(source, "name");
  if (name === undefined) return functionFault("`name` must contain a value.", site);
  const namespace = present(source, "namespace");
  return namespace === undefined ? { ...result, name } : { ...result, name, namespace };
}

/** The part before the slash; for the core group Koreo answers `v1`, and so do we. */
function groupOf(source: ValueMap): Value | undefined {
  const version = present(source, "apiVersion");
  return typeof version === "string" ? version.split("/", 1)[0] : undefined;
}
