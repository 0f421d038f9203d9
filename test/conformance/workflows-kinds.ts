/** Kinds in the manifests of a case: which of them to look at, and how they are served. */
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import { listOf, type WorkflowCase } from "./workflows-corpus.ts";

export interface KindName {
  readonly apiVersion: string;
  readonly kind: string;
}

/** All kinds a case speaks of: of its objects, its triggers and what its functions manage; each in the first version named. */
export function kindsOf(read: WorkflowCase): readonly KindName[] {
  const { kinds, objects, definitions, triggers } = read;
  const later = laterObjects(read);
  const found = new Map<string, KindName>();
  const add = (apiVersion: string, kind: string) => {
    const { group } = parseApiVersion(apiVersion);
    if (apiVersion === "" || group === "koreo.dev" || kind === CRD || found.has(`${group}/${kind}`)) return;
    found.set(`${group}/${kind}`, { apiVersion, kind });
  };
  for (const object of [...objects, ...triggers, ...definitions, ...later]) {
    // A namespace is where objects are, unless a function makes one.
    if (!isNamespace(object)) add(textMember(object, "apiVersion"), textMember(object, "kind"));
    const config = memberAt(object, ["spec", "apiConfig"]);
    add(textMember(config, "apiVersion"), textMember(config, "kind"));
  }
  for (const crd of [...kinds, ...later.filter(isKind)]) {
    const { group, version, kind } = servedBy(crd);
    add(`${group}/${version}`, kind);
  }
  return [...found.values()];
}

/** Names of the kinds that some Workflow of the case has as its triggers. */
export function triggerKindsOf(read: WorkflowCase): ReadonlySet<string> {
  const all = [...read.definitions, ...laterObjects(read)];
  return new Set(all.map((object) => textMember(memberAt(object, ["spec", "crdRef"]), "kind")).filter(Boolean));
}

/** What a CustomResourceDefinition serves, in its first served version. */
export function servedBy(crd: JsonObject): KindName & { readonly group: string; readonly version: string } {
  const versions = listOf(memberAt(crd, ["spec", "versions"]));
  const version = textMember(versions.find(isServed), "name");
  const group = textMember(member(crd, "spec"), "group");
  return {
    group,
    version,
    apiVersion: `${group}/${version}`,
    kind: textMember(memberAt(crd, ["spec", "names"]), "kind"),
  };
}

/** The CustomResourceDefinition of a kind in a case, from whichever phase. */
export function crdOf(read: WorkflowCase, kind: string): JsonObject | undefined {
  return [...read.kinds, ...laterObjects(read).filter(isKind)].find((crd) => servedBy(crd).kind === kind);
}

export function isKind(object: JsonObject): boolean {
  return textMember(object, "kind") === CRD;
}

export function isNamespace(object: JsonObject): boolean {
  return textMember(object, "kind") === "Namespace";
}

const CRD = "CustomResourceDefinition";

function laterObjects({ phases }: WorkflowCase): readonly JsonObject[] {
  return phases.flatMap(({ acts }) => acts.flatMap(({ objects }) => objects));
}

function isServed(version: JsonObject): boolean {
  return member(version, "served") === true;
}
