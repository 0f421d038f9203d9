/** Which kinds a server serves, by discovery: every group, in its preferred version or in all. */
import { groupVersionPath } from "../adapters/kubernetes/resource-path.ts";
import { type JsonValue, listOf, member, memberAt, textMember } from "../core/json.ts";
import { parseApiVersion } from "../core/object-key.ts";
import type { ResourceType } from "../engine/ports/object-store.ts";
import { failed, type Connection } from "./connection.ts";

export interface ServedKind {
  readonly type: ResourceType;
  /** Kind, plural, singular and short names, in lower case. */
  readonly names: readonly string[];
  /** The verbs it supports, such as `list`. */
  readonly verbs: readonly string[];
}

/** A part of the API that could not be read, and why. */
export interface Unlisted {
  readonly what: string;
  readonly why: string;
}

/** The kinds in each group's preferred version, without groups whose own server is down: they must not hide others. */
export async function preferredKinds(connection: Connection): Promise<readonly ServedKind[]> {
  const versions = (await groupsOf(connection)).flatMap(([preferred]) => preferred ?? []);
  const documents = await Promise.all(versions.map((version) => readKinds(connection, version)));
  return documents.flatMap((document) => (document.kind === "ok" ? document.kinds : []));
}

/** Each kind once, in the first version of its group that serves it, the preferred one first. */
export async function allKinds(
  connection: Connection,
): Promise<{ readonly kinds: readonly ServedKind[]; readonly unlisted: readonly Unlisted[] }> {
  const versions = (await groupsOf(connection)).flat();
  const documents = await Promise.all(versions.map((version) => readKinds(connection, version)));
  const kinds = new Map<string, ServedKind>();
  for (const each of documents.flatMap((document) => (document.kind === "ok" ? document.kinds : []))) {
    const id = `${each.type.group}/${each.type.kind}`;
    if (!kinds.has(id)) kinds.set(id, each);
  }
  return { kinds: [...kinds.values()], unlisted: documents.flatMap((each) => (each.kind === "ok" ? [] : [each])) };
}

/** The versions of each group as `apps/v1`, the preferred one first; the core group comes before all others. */
async function groupsOf({ client, signal }: Connection): Promise<readonly (readonly string[])[]> {
  const reply = await client.request({ method: "GET", path: "/apis", verb: "discover", kind: "" }, signal);
  if (reply.kind === "fault") throw failed("asking the server for its kinds", reply.fault);
  const groups = listOf(member(reply.value, "groups")).map((group) => {
    const preferred = textMember(member(group, "preferredVersion"), "groupVersion");
    const all = listOf(member(group, "versions")).map((version) => textMember(version, "groupVersion"));
    return [preferred, ...all.filter((each) => each !== preferred)].filter((each) => each !== "");
  });
  return [["v1"], ...groups];
}

async function readKinds(
  { client, signal }: Connection,
  groupVersion: string,
): Promise<{ readonly kind: "ok"; readonly kinds: readonly ServedKind[] } | ({ readonly kind: "fault" } & Unlisted)> {
  const path = groupVersionPath(parseApiVersion(groupVersion));
  const reply = await client.request({ method: "GET", path, verb: "discover", kind: "" }, signal);
  if (reply.kind === "ok") return { kind: "ok", kinds: kindsOf(reply.value) };
  if (groupVersion === "v1") throw failed("asking the server for its kinds", reply.fault);
  return { kind: "fault", what: `the kinds of ${groupVersion}`, why: reply.fault.detail };
}

function kindsOf(document: JsonValue): readonly ServedKind[] {
  const api = parseApiVersion(textMember(document, "groupVersion"));
  const resources = listOf(member(document, "resources"));
  const names = new Set(resources.map((each) => textMember(each, "name")));
  return resources
    .filter((each) => !textMember(each, "name").includes("/"))
    .map((each) => {
      const [plural, kind] = [textMember(each, "name"), textMember(each, "kind")];
      const verbs = listOf(member(each, "verbs")).filter((verb) => typeof verb === "string");
      const shortNames = listOf(memberAt(each, ["shortNames"])).filter((short) => typeof short === "string");
      return {
        type: {
          ...api,
          kind,
          plural,
          namespaced: member(each, "namespaced") === true,
          hasStatus: names.has(`${plural}/status`),
          watchable: verbs.includes("watch"),
        },
        names: [kind, plural, textMember(each, "singularName"), ...shortNames].map((one) => one.toLowerCase()),
        verbs,
      };
    });
}
