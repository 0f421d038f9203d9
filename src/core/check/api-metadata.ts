/**
 * What the API server accepts as `metadata` of a definition, and of objects embedded in definitions, whose names it
 * checks less. The rules are kube-apiserver's; `test/integration/check-verdicts.test.ts` compares them with a real one.
 */
import { isInt } from "../cel/scalars.ts";
import { isList, isPlainMap, type Value, type ValueMap } from "../cel/value.ts";
import { memberPath } from "../cel/fragment.ts";
import { field, textField } from "../manifest/definition.ts";
import * as names from "./api-names.ts";
import { unknownMember, type ApiFault } from "./api-fault.ts";

/** Which kind of object has the metadata. */
export type Holder = "definition" | "embedded";

type Check = (value: Value, path: string, holder: Holder) => readonly ApiFault[];

const FIELDS: Readonly<Record<string, Check>> = {
  name: (value, path, holder) =>
    holder === "definition" ? textBy(value, path, names.subdomainFault) : textBy(value, path, names.pathSegmentFault),
  generateName: (value, path, holder) =>
    holder === "definition" ? textBy(value, path, prefixFault) : text(value, path),
  namespace: (value, path) => textBy(value, path, names.labelFault),
  labels: (value, path) => texts(value, path, names.qualifiedNameFault, names.labelValueFault),
  annotations: (value, path) => [
    ...texts(
      value,
      path,
      (key) => names.qualifiedNameFault(key.toLowerCase()),
      () => undefined,
    ),
    ...annotationSize(value, path),
  ],
  finalizers,
  ownerReferences,
  creationTimestamp: (value, path) => textBy(value, path, names.timeFault, { isEmptyFine: false }),
  deletionTimestamp: (value, path) => textBy(value, path, names.timeFault, { isEmptyFine: false }),
  generation: (value, path, holder) =>
    holder === "embedded" && isInt(value) && value < 0 ? [fault(path, "must not be negative")] : count(value, path),
  deletionGracePeriodSeconds: count,
  selfLink: text,
  uid: (value, path, holder) => [...text(value, path), ...serverField(path, holder)],
  resourceVersion: (value, path, holder) => [...text(value, path), ...serverField(path, holder)],
  managedFields: (value, path) =>
    isList(value) ? serverField(path, "definition") : [fault(path, "must be a list; leave it out")],
};

const MAX_ANNOTATIONS_BYTES = 262_144;

export function checkMetadata(metadata: Value | undefined, path: string, holder: Holder): readonly ApiFault[] {
  const nameless: readonly ApiFault[] =
    holder === "definition" && textField(metadata, "name") === ""
      ? [fault(`${path}.name`, "is required", "give the definition a name")]
      : [];
  if (metadata === undefined || metadata === null) return nameless;
  if (!isPlainMap(metadata)) return [fault(path, "must be a map")];
  const found = Object.entries(metadata).flatMap(([name, value]) => {
    const check = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (check === undefined) return [unknownMember(path, name, Object.keys(FIELDS))];
    return value === null ? [] : check(value, memberPath(path, name), holder);
  });
  return found.some((each) => each.path === `${path}.name`) ? found : [...nameless, ...found];
}

function fault(path: string, problem: string, fix?: string): ApiFault {
  return { rule: "api-server", path, message: `${path} ${problem}`, ...(fix === undefined ? {} : { fix }) };
}

function serverField(path: string, holder: Holder): readonly ApiFault[] {
  if (holder === "embedded") return [];
  return [{ rule: "server-field", path, message: `${path} is the API server's to set`, fix: "take it out" }];
}

function text(value: Value, path: string): readonly ApiFault[] {
  return typeof value === "string" ? [] : [fault(path, "must be text", "put it in quotes")];
}

type TextCheck = (text: string) => string | undefined;

/** Empty text counts as absent. */
function textBy(value: Value, path: string, check: TextCheck, { isEmptyFine = true } = {}): readonly ApiFault[] {
  if (typeof value !== "string") return text(value, path);
  const problem = value === "" && isEmptyFine ? undefined : check(value);
  return problem === undefined ? [] : [fault(path, problem)];
}

/** The API server appends to a generated name, so a dash may end the prefix. */
function prefixFault(prefix: string): string | undefined {
  return names.subdomainFault(prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix);
}

function count(value: Value, path: string): readonly ApiFault[] {
  const isCount = isInt(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
  return isCount ? [] : [fault(path, "must be a whole number of 64 bits")];
}

function texts(value: Value, path: string, ofKey: TextCheck, ofValue: TextCheck): readonly ApiFault[] {
  if (!isPlainMap(value)) return [fault(path, "must be a map of text")];
  return Object.entries(value).flatMap(([key, item]) => {
    const at = memberPath(path, key);
    const wrongKey = ofKey(key);
    const keyFaults = wrongKey === undefined ? [] : [fault(at, `: the name ${wrongKey}`)];
    return [...keyFaults, ...(item === null ? [] : textBy(item, at, ofValue))];
  });
}

function annotationSize(value: Value, path: string): readonly ApiFault[] {
  const entries = Object.entries(isPlainMap(value) ? value : {});
  const bytes = (each: Value) => (typeof each === "string" ? new TextEncoder().encode(each).length : 0);
  const total = entries.reduce((sum, [key, item]) => sum + bytes(key) + bytes(item), 0);
  return total > MAX_ANNOTATIONS_BYTES
    ? [fault(path, `hold ${total} bytes; at most ${MAX_ANNOTATIONS_BYTES} fit`)]
    : [];
}

function finalizers(value: Value, path: string): readonly ApiFault[] {
  if (!isList(value)) return [fault(path, "must be a list of text")];
  const both = ["orphan", "foregroundDeletion"].every((name) => value.includes(name));
  return [
    ...value.flatMap((item, index) =>
      item === null
        ? [fault(`${path}[${index}]`, "must be text")]
        : textBy(item, `${path}[${index}]`, names.qualifiedNameFault, { isEmptyFine: false }),
    ),
    ...(both ? [fault(path, "must not hold both orphan and foregroundDeletion")] : []),
  ];
}

const OWNER_FIELDS = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];

function ownerReferences(value: Value, path: string): readonly ApiFault[] {
  if (!isList(value)) return [fault(path, "must be a list of owner references")];
  const controllers = value.filter((item) => field(item, "controller") === true).length;
  const uids = value.map((item) => textField(item, "uid"));
  return [
    ...value.flatMap((item, index) => ownerFaults(item, `${path}[${index}]`)),
    ...(controllers > 1 ? [fault(path, "must not name several controllers")] : []),
    ...(new Set(uids).size < uids.length ? [fault(path, "must not name an owner twice")] : []),
  ];
}

function ownerFaults(owner: Value, path: string): readonly ApiFault[] {
  if (!isPlainMap(owner)) return [fault(path, "must be a map with apiVersion, kind, name and uid")];
  const unknown = Object.keys(owner).filter((name) => !OWNER_FIELDS.includes(name));
  const apiVersion = textField(owner, "apiVersion");
  const isEvent = apiVersion === "v1" && textField(owner, "kind") === "Event";
  return [
    ...unknown.map((name) => unknownMember(path, name, OWNER_FIELDS)),
    ...OWNER_FIELDS.slice(0, 4)
      .filter((name) => textField(owner, name) === "")
      .map((name) => fault(`${path}.${name}`, "must be text, and not empty")),
    ...textBy(apiVersion, `${path}.apiVersion`, names.apiVersionFault),
    ...OWNER_FIELDS.slice(4).flatMap((name) => boolFaults(owner, name, path)),
    ...(isEvent ? [fault(path, "must not be an Event")] : []),
  ];
}

function boolFaults(owner: ValueMap, name: string, path: string): readonly ApiFault[] {
  const value = field(owner, name) ?? null;
  return value === null || typeof value === "boolean" ? [] : [fault(`${path}.${name}`, "must be true or false")];
}
