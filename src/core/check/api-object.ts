/**
 * Judges a whole manifest as the API server does with strict field validation: finds what `kubectl apply
 * --dry-run=server` would refuse, and a little more by the rules in `stricter.ts`. The compiler of definitions checks
 * the plain JSON Schema of the spec.
 */
import { memberPath } from "../cel/fragment.ts";
import { toJson } from "../cel/text.ts";
import { isFault, isList, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { formatJson } from "../json.ts";
import { DEFINITION_PLURALS, KOREO_GROUP, KOREO_VERSION } from "../names.ts";
import { field, isDefinitionKind, textField } from "../manifest/definition.ts";
import { unknownMember, type ApiFault } from "./api-fault.ts";
import { checkMetadata } from "./api-metadata.ts";
import { checkAgainst, type SpecSchemas } from "./api-schema.ts";
import { nearest } from "./nearest.ts";

const API_VERSION = `${KOREO_GROUP}/${KOREO_VERSION}`;
const MEMBERS = ["apiVersion", "kind", "metadata", "spec", "status"];
/** Largest object for etcd, with room for what the API server adds. */
const MAX_BYTES = 1_500_000;

/** Whether a document is meant to be a definition: by its API, or by a kind that only we have. */
export function isMeantForUs(object: Value): boolean {
  const [apiVersion, kind] = [field(object, "apiVersion"), field(object, "kind")];
  if (typeof apiVersion === "string" && apiVersion.trim().toLowerCase().startsWith(`${KOREO_GROUP}/`)) return true;
  const isOurKind = typeof kind === "string" && isDefinitionKind(kind);
  // Other APIs also have Workflows.
  const isOthers = kind === "Workflow" && typeof apiVersion === "string" && /^[a-z0-9.-]+\/v\d\w*$/.test(apiVersion);
  return isOurKind && !isOthers;
}

/** @returns nothing for an object that is not meant for us */
export function checkObject(object: Value, schemas: SpecSchemas): readonly ApiFault[] {
  if (!isPlainMap(object) || !isMeantForUs(object)) return [];
  const schema = schemas.get(textField(object, "kind"));
  const spec = field(object, "spec") ?? null;
  return [
    ...headerFaults(object),
    ...Object.keys(object).flatMap((name) => (MEMBERS.includes(name) ? [] : [unknownMember("", name, MEMBERS)])),
    ...checkMetadata(field(object, "metadata"), "metadata", "definition"),
    ...(schema === undefined ? [] : checkAgainst(schema, spec, "spec")),
    ...statusFaults(field(object, "status") ?? null),
    ...numberFaults(object, ""),
    ...sizeFaults(object),
  ];
}

function headerFaults(object: ValueMap): readonly ApiFault[] {
  const [apiVersion, kind] = [field(object, "apiVersion"), field(object, "kind")];
  const rule = "api-server";
  const faults: ApiFault[] = [];
  if (apiVersion !== API_VERSION) {
    const message = `apiVersion must be ${API_VERSION}`;
    faults.push({ rule, path: "apiVersion", message, fix: `write apiVersion: ${API_VERSION}` });
  }
  if (typeof kind !== "string" || !isDefinitionKind(kind)) {
    const meant = typeof kind === "string" ? nearest(kind, Object.keys(DEFINITION_PLURALS)) : undefined;
    const fix =
      meant === undefined ? `use one of ${Object.keys(DEFINITION_PLURALS).join(", ")}` : `did you mean ${meant}?`;
    faults.push({ rule, path: "kind", message: `kind must be one of Koreo's five`, fix });
  }
  return faults;
}

function statusFaults(status: Value): readonly ApiFault[] {
  if (status === null) return [];
  return [{ rule: "server-field", path: "status", message: "status is Koreo's to write", fix: "take it out" }];
}

/** Numbers that exist in YAML but not in JSON. */
function numberFaults(value: Value, path: string): readonly ApiFault[] {
  if (isList(value)) return value.flatMap((item, index) => numberFaults(item, `${path}[${index}]`));
  if (isPlainMap(value)) {
    return Object.entries(value).flatMap(([name, item]) =>
      numberFaults(item, path === "" ? name : memberPath(path, name)),
    );
  }
  if (typeof value !== "number" || Number.isFinite(value)) return [];
  return [{ rule: "api-server", path, message: `${path} is no number that JSON can hold`, fix: "put it in quotes" }];
}

function sizeFaults(object: Value): readonly ApiFault[] {
  const json = toJson(object);
  const bytes = isFault(json) ? undefined : new TextEncoder().encode(formatJson(json)).length;
  if (bytes !== undefined && bytes <= MAX_BYTES) return [];
  const message = `the object has ${bytes === undefined ? "too many members" : `${bytes} bytes as JSON`}; at most ${MAX_BYTES} bytes can be stored`;
  return [{ rule: "size", path: "spec", message, fix: "split it" }];
}
