/** Finds the kind a user means: `workflow`, `Workflows`, `deploy.apps`, in any case, singular, plural or short name. */
import { member, memberAt, textMember, type JsonValue } from "../core/json.ts";
import { KOREO_GROUP } from "../core/names.ts";
import type { ResourceType } from "../engine/ports/object-store.ts";
import { failed, type Connection } from "./connection.ts";
import { CommandFailed } from "./failure.ts";

interface KnownKind {
  readonly type: ResourceType;
  /** In lower case: kind, plural, singular, short names. */
  readonly names: readonly string[];
}

/** @throws CommandFailed naming near misses when no kind, or several, are called so */
export async function findKind(connection: Connection, asked: string): Promise<ResourceType> {
  const [name = "", ...group] = asked.toLowerCase().split(".");
  const known = await allKinds(connection);
  const called = known.filter(
    ({ type, names }) => names.includes(name) && (group.length === 0 || type.group === group.join(".")),
  );
  // Our own kinds win over others of the same name, and the core group over all others, as with kubectl.
  const preferred =
    called.find(({ type }) => type.group === KOREO_GROUP) ?? called.find(({ type }) => type.group === "");
  const only = called.length === 1 ? called[0] : preferred;
  if (only !== undefined) return only.type;
  const label = ({ type }: KnownKind) => (type.group === "" ? type.plural : `${type.plural}.${type.group}`);
  if (called.length > 1) throw new CommandFailed(`"${asked}" is ambiguous: write ${called.map(label).join(" or ")}`);
  const near = known.filter(({ names }) => names.some((each) => each.startsWith(name.slice(0, 4)))).map(label);
  const hint = near.length === 0 ? "" : `; did you mean ${near.slice(0, 5).join(", ")}?`;
  throw new CommandFailed(`the server does not serve "${asked}"${hint}`);
}

async function allKinds(connection: Connection): Promise<readonly KnownKind[]> {
  const groups = await read(connection, "/apis");
  const versions = listOf(member(groups, "groups")).map((group) =>
    textMember(member(group, "preferredVersion"), "groupVersion"),
  );
  const documents = await Promise.all(
    ["/api/v1", ...versions.map((version) => `/apis/${version}`)].map((path) => read(connection, path)),
  );
  return documents.flatMap((document) => kindsOf(document));
}

async function read({ client, signal }: Connection, path: string): Promise<JsonValue> {
  const reply = await client.request({ method: "GET", path, verb: "discover", kind: "" }, signal);
  if (reply.kind === "ok") return reply.value;
  // A group whose own server is down must not hide all others.
  if (path !== "/apis" && path !== "/api/v1") return null;
  throw failed("asking the server for its kinds", reply.fault);
}

function kindsOf(document: JsonValue): readonly KnownKind[] {
  const [group = "", version = ""] = splitVersion(textMember(document, "groupVersion"));
  const resources = listOf(member(document, "resources"));
  const names = new Set(resources.map((each) => textMember(each, "name")));
  return resources
    .filter((each) => !textMember(each, "name").includes("/"))
    .map((each) => {
      const [plural, kind] = [textMember(each, "name"), textMember(each, "kind")];
      const verbs = listOf(member(each, "verbs"));
      const shortNames = listOf(memberAt(each, ["shortNames"])).filter((short) => typeof short === "string");
      return {
        type: {
          group,
          version,
          kind,
          plural,
          namespaced: member(each, "namespaced") === true,
          hasStatus: names.has(`${plural}/status`),
          watchable: verbs.includes("watch"),
        },
        names: [kind, plural, textMember(each, "singularName"), ...shortNames].map((one) => one.toLowerCase()),
      };
    });
}

function splitVersion(groupVersion: string): readonly string[] {
  return groupVersion.includes("/") ? groupVersion.split("/") : ["", groupVersion];
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
