/**
 * What an API server serves, as far as it was asked, and what definitions need of it. `cli/server-apis.ts` reads it;
 * the files beside this one judge it without requests.
 */
import { type JsonValue, listOf, member, textMember } from "../../json.ts";
import { field, textField } from "../../manifest/definition.ts";
import { formatApiVersion } from "../../object-key.ts";
import type { Catalog } from "../../plan/catalog.ts";
import type { DefinitionEntry } from "../../plan/definition-entry.ts";

export interface ServedKind {
  readonly kind: string;
  /** The plural in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ServedApis {
  /** Every group version, such as `v1` and `apps/v1`; the preferred one of a group comes first. */
  readonly groupVersions: readonly string[];
  /** The kinds of each group version that was asked for. */
  readonly kinds: ReadonlyMap<string, readonly ServedKind[]>;
  /** OpenAPI v3 documents by group version, without those that the server does not publish. */
  readonly documents: ReadonlyMap<string, JsonValue>;
}

/** A kind that a definition names, and where. */
export interface NamedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Path of the member that holds the version. */
  readonly versionPath: string;
  readonly kindPath: string;
}

/** The kind that a definition names; undefined when it names none. */
export function namedKind({ source }: DefinitionEntry): NamedKind | undefined {
  const { kind, spec } = source;
  if (kind === "Workflow") {
    const crd = field(spec, "crdRef");
    const [group, version] = [textField(crd, "apiGroup"), textField(crd, "version")];
    return named(
      group === "" ? "" : formatApiVersion({ group, version }),
      textField(crd, "kind"),
      "spec.crdRef",
      "version",
    );
  }
  if (kind !== "ResourceFunction" && kind !== "ResourceTemplate") return undefined;
  const [member, path] = kind === "ResourceFunction" ? ["apiConfig", "spec.apiConfig"] : ["template", "spec.template"];
  const holder = field(spec, member);
  return named(textField(holder, "apiVersion"), textField(holder, "kind"), path, "apiVersion");
}

function named(apiVersion: string, kind: string, path: string, version: string): NamedKind | undefined {
  if (apiVersion === "" || kind === "") return undefined;
  return { apiVersion, kind, versionPath: `${path}.${version}`, kindPath: `${path}.kind` };
}

/** The group versions that definitions name, each once. */
export function neededVersions({ entries }: Catalog): readonly string[] {
  return [...new Set(entries.flatMap((entry) => namedKind(entry)?.apiVersion ?? []))].sort();
}

/** The kind with its facts from the server. */
export function servedKind({ kinds }: ServedApis, apiVersion: string, kind: string): ServedKind | undefined {
  return kinds.get(apiVersion)?.find((each) => each.kind === kind);
}

/** Whether the server serves every kind that definitions name; if not, it is worth asking what else it serves. */
export function servesAll({ entries }: Catalog, apis: ServedApis): boolean {
  return entries.every((entry) => {
    const asked = namedKind(entry);
    return asked === undefined || servedKind(apis, asked.apiVersion, asked.kind) !== undefined;
  });
}

/** `apps` of `apps/v1`, "" of `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** The kinds in a list of resources (`/apis/apps/v1`), without subresources. */
export function kindsIn(document: JsonValue): readonly ServedKind[] {
  const resources = listMember(document, "resources");
  return resources
    .filter((each) => !textMember(each, "name").includes("/"))
    .map((each) => ({
      kind: textMember(each, "kind"),
      plural: textMember(each, "name"),
      namespaced: member(each, "namespaced") === true,
    }));
}

/** The group versions in a list of groups (`/apis`), the preferred one of each group first. */
export function groupVersionsIn(document: JsonValue): readonly string[] {
  return listMember(document, "groups").flatMap((group) => {
    const preferred = textMember(member(group, "preferredVersion"), "groupVersion");
    const all = listMember(group, "versions").map((version) => textMember(version, "groupVersion"));
    return [...all.filter((each) => each === preferred), ...all.filter((each) => each !== preferred)];
  });
}

function listMember(value: JsonValue, name: string): readonly JsonValue[] {
  const found = member(value, name);
  return listOf(found);
}
