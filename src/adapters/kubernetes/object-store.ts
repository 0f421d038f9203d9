/**
 * The `ObjectStore` port on a real API server, for one cluster and one identity: it says which request each method
 * sends and what the answer means. The API server checks preconditions; nothing is read before a write.
 */
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import { versionOf } from "../../core/object.ts";
import { FIELD_MANAGER } from "../../core/names.ts";
import { formatApiVersion, LOCAL_CLUSTER } from "../../core/object-key.ts";
import type {
  ClusterResult,
  DeletePreconditions,
  ObjectPage,
  ObjectRef,
  ObjectStore,
  ResourceType,
} from "../../engine/ports/object-store.ts";
import { noteWait, SPAN, waitStart } from "../../engine/telemetry.ts";
import type { ApiRequest, ClusterClient } from "./client.ts";
import type { Discovery, KindQuery } from "./discovery.ts";
import { ok, refused } from "./fault.ts";
import { collectionPath, kindLabel, objectPath } from "./resource-path.ts";

/** Only `metadata` of every object, the whole objects where a server cannot. */
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const LIST_TIMEOUT_MS = 60_000;
/** A read asks no webhook: one without an answer for this long speaks to nobody. */
const GET_TIMEOUT_MS = 15_000;

export class KubernetesObjectStore implements ObjectStore {
  readonly cluster: string;
  readonly #client: ClusterClient;
  readonly #discovery: Discovery;
  readonly #tenant: string | undefined;

  /**
   * `cluster` is the first part of every key of this store's objects; `tenant` is whom it speaks for (default: the
   * process itself).
   */
  constructor(client: ClusterClient, discovery: Discovery, cluster: string = LOCAL_CLUSTER, tenant?: string) {
    this.#client = client;
    this.#discovery = discovery;
    this.cluster = cluster;
    this.#tenant = tenant;
  }

  forTenant(tenant: string): KubernetesObjectStore {
    return new KubernetesObjectStore(this.#client, this.#discovery, this.cluster, tenant);
  }

  async resolve(kind: KindQuery, signal: AbortSignal): Promise<ClusterResult<ResourceType>> {
    const since = waitStart();
    const resolved = await this.#discovery.resolve(kind, signal);
    noteWait(SPAN.resolve, since);
    return resolved;
  }

  async get(ref: ObjectRef, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    if (!isName(ref.name)) return nobody(ref);
    return this.#forObject(
      ref,
      { method: "GET", path: objectPath(ref), verb: "get", timeoutMs: GET_TIMEOUT_MS },
      signal,
    );
  }

  create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    const path = collectionPath(ref.type, ref.namespace);
    return this.#forObject(
      ref,
      { method: "POST", path, query: { fieldManager: FIELD_MANAGER }, body, verb: "create" },
      signal,
    );
  }

  async patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>> {
    if (!isName(ref.name)) return nobody(ref);
    const request = {
      method: "PATCH",
      path: objectPath(ref, subresource),
      query: { fieldManager: FIELD_MANAGER },
      body,
      contentType: "application/merge-patch+json",
      urgency: subresource === undefined ? "write" : "status",
      verb: subresource === undefined ? "patch" : "patchStatus",
    } as const;
    const answer = await this.#forObject(ref, request, signal);
    // A missing subresource is reported as a missing object: what we know of the kind may be out of date.
    if (subresource !== undefined && answer.kind === "fault" && answer.fault.kind === "notFound") {
      this.#discovery.forget(ref.type.group);
    }
    return answer;
  }

  async delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>> {
    if (!isName(ref.name)) return nobody(ref);
    const { uid, resourceVersion, propagationPolicy } = preconditions;
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: resourceVersion === undefined ? { uid } : { uid, resourceVersion },
      propagationPolicy,
    };
    const answer = await this.#send(
      ref.type,
      { method: "DELETE", path: objectPath(ref), body, verb: "delete" },
      signal,
    );
    return answer.kind === "fault" ? answer : ok(null);
  }

  async list(
    type: ResourceType,
    options: Parameters<ObjectStore["list"]>[1],
    signal: AbortSignal,
  ): Promise<ClusterResult<ObjectPage>> {
    const answer = await this.#send(
      type,
      {
        method: "GET",
        path: collectionPath(type, options.namespace),
        query: {
          labelSelector: options.labelSelector,
          limit: options.limit === undefined ? undefined : String(options.limit),
          continue: options.continueToken,
        },
        ...(options.metadataOnly === true && { accept: METADATA_LIST }),
        timeoutMs: LIST_TIMEOUT_MS,
        verb: "list",
      },
      signal,
    );
    return answer.kind === "fault" ? answer : ok(pageOf(answer.value, type, options.metadataOnly === true));
  }

  async #forObject(
    ref: ObjectRef,
    request: Omit<ApiRequest, "kind">,
    signal: AbortSignal,
  ): Promise<ClusterResult<JsonObject>> {
    const answer = await this.#send(ref.type, request, signal);
    if (answer.kind === "fault") return answer;
    return isJsonObject(answer.value)
      ? ok(answer.value)
      : refused({ kind: "unavailable", detail: `${request.verb} ${request.path}: the answer is no object` });
  }

  async #send(
    type: ResourceType,
    request: Omit<ApiRequest, "kind">,
    signal: AbortSignal,
  ): Promise<ClusterResult<JsonValue>> {
    const answer = await this.#client.request({ ...request, kind: kindLabel(type), tenant: this.#tenant }, signal);
    if (answer.kind === "fault" && answer.fault.kind === "unknownKind") this.#discovery.forget(type.group);
    return answer;
  }
}

/** In a path "", "." and ".." mean the collection, or what is above it: a delete would take all of its objects. */
function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== "..";
}

function nobody({ type, name }: ObjectRef): ClusterResult<never> {
  return refused({ kind: "notFound", detail: `no ${type.kind} can have the name ${JSON.stringify(name)}` });
}

/** List items come without apiVersion and kind (built-in kinds) or as PartialObjectMetadata: they get their own. */
function pageOf(list: JsonValue, type: ResourceType, metadataOnly: boolean): ObjectPage {
  const items = member(list, "items");
  const continueToken = textMember(member(list, "metadata"), "continue");
  return {
    items: Array.isArray(items) ? items.map((item: JsonValue) => typedObject(item, type, metadataOnly)) : [],
    resourceVersion: versionOf(list),
    ...(continueToken !== "" && { continueToken }),
  };
}

/** An object of a list or a watch under its real apiVersion and kind; `metadata` alone when no more was asked for. */
export function typedObject(object: JsonValue, type: ResourceType, metadataOnly: boolean): JsonObject {
  const head = { apiVersion: formatApiVersion(type), kind: type.kind };
  if (metadataOnly) return { ...head, metadata: member(object, "metadata") ?? {} };
  return isJsonObject(object) ? { ...object, ...head } : head;
}
