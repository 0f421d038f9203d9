/** Reads only an object's metadata: to know whether it is there, nobody needs its content. */
import { isJsonObject, member, type JsonObject } from "../../core/json.ts";
import type { ClusterResult, ObjectRef } from "../../engine/ports/object-store.ts";
import type { ClusterClient } from "./client.ts";
import { ok, refused } from "./fault.ts";
import { kindLabel, objectPath } from "./resource-path.ts";

const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

export async function readMetadata(
  client: ClusterClient,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<ClusterResult<JsonObject>> {
  const path = objectPath(ref);
  const answer = await client.request(
    { method: "GET", path, accept: METADATA, verb: "get", kind: kindLabel(ref.type) },
    signal,
  );
  if (answer.kind === "fault") return answer;
  const metadata = member(answer.value, "metadata");
  return isJsonObject(metadata) ? ok(metadata) : refused({ kind: "unavailable", detail: `get ${path}: no metadata` });
}
