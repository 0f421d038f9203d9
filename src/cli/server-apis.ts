/** Asks an API server whether it serves the kinds that definitions name and, if it lacks one, what else it serves. */
import { groupVersionPath } from "../adapters/kubernetes/resource-path.ts";
import {
  groupVersionsIn,
  kindsIn,
  neededVersions,
  servesAll,
  type ServedApis,
  type ServedKind,
} from "../core/check/server/served-apis.ts";
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { parseApiVersion } from "../core/object-key.ts";
import type { Catalog } from "../core/plan/catalog.ts";
import { failed, type Connection } from "./connection.ts";

/** @throws CommandFailed when the server does not answer */
export async function readServedApis(connection: Connection, catalog: Catalog): Promise<ServedApis> {
  const groups = await read(connection, "/apis");
  const groupVersions = ["v1", ...groupVersionsIn(groups ?? null)];
  const needed = neededVersions(catalog).filter((each) => groupVersions.includes(each));
  const [kinds, documents] = await Promise.all([kindsOf(connection, needed), documentsOf(connection, needed)]);
  const apis = { groupVersions, kinds, documents };
  if (servesAll(catalog, apis)) return apis;
  const others = await kindsOf(connection, groupVersions);
  return { ...apis, kinds: new Map([...kinds, ...others]) };
}

async function kindsOf(
  connection: Connection,
  versions: readonly string[],
): Promise<ReadonlyMap<string, readonly ServedKind[]>> {
  const readOne = async (version: string) => {
    const document = await read(connection, groupVersionPath(parseApiVersion(version)));
    return [version, kindsIn(document ?? null)] as const;
  };
  return new Map(await Promise.all(versions.map(readOne)));
}

/** OpenAPI v3, by the server's index: its addresses carry the hash of the documents they lead to. */
async function documentsOf(
  connection: Connection,
  versions: readonly string[],
): Promise<ReadonlyMap<string, JsonValue>> {
  const index = versions.length === 0 ? undefined : await read(connection, "/openapi/v3");
  const paths = member(index, "paths");
  const readOne = async (version: string): Promise<readonly (readonly [string, JsonValue])[]> => {
    const entry = member(paths, groupVersionPath(parseApiVersion(version)).slice(1));
    const address = textMember(entry, "serverRelativeURL");
    const document = address === "" ? undefined : await readAddress(connection, address);
    if (document === undefined)
      console.error(`the server publishes no OpenAPI for ${version}: its fields are not checked`);
    return document === undefined ? [] : [[version, document]];
  };
  return new Map((await Promise.all(versions.map(readOne))).flat());
}

function readAddress(connection: Connection, address: string): Promise<JsonObject | undefined> {
  const [path = "", query = ""] = address.split("?");
  return read(connection, path, Object.fromEntries(new URLSearchParams(query)));
}

/** A document; undefined when the server has none. */
async function read(
  { client, signal }: Connection,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<JsonObject | undefined> {
  const reply = await client.request({ method: "GET", path, query, verb: "discover", kind: "" }, signal);
  if (reply.kind === "ok") return isJsonObject(reply.value) ? reply.value : undefined;
  const isMissing = reply.fault.kind === "unknownKind" || reply.fault.kind === "notFound";
  // A group whose own server is down must not hide all others; its kinds then count as not served.
  if (isMissing || (reply.fault.kind === "unavailable" && path !== "/apis")) return undefined;
  throw failed(`asking the server for ${path}`, reply.fault);
}
