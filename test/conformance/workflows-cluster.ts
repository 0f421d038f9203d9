/**
 * What somebody else than Koreo does on a cluster in a case of the workflows corpus: makes, replaces, patches and deletes
 * objects under a field manager of his own, lists them, and clears up behind a case.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { collectionPath, kindLabel, objectPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { member, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import type { ClusterResult, ObjectRef, ResourceType } from "../../src/engine/ports/object-store.ts";
import { isKind, servedBy, type KindName } from "./workflows-kinds.ts";

const FIELD_MANAGER = "somebody";
const SERVED_WITHIN_MS = 20_000;
const MAX_TRIES = 8;

export class CorpusCluster {
  readonly #access: ClusterAccess;
  readonly #signal = new AbortController().signal;
  /** CustomResourceDefinitions that stand there, by name, as text. */
  readonly #kinds = new Map<string, string>();

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  /** Makes a kind, anew if another of that name stands there, and waits until it is served. */
  async installKind(crd: JsonObject): Promise<void> {
    if (this.#kinds.get(nameOf(crd)) === JSON.stringify(crd)) return;
    if (this.#kinds.has(nameOf(crd))) await this.removeKind(crd);
    await this.#putKind(crd);
  }

  async #putKind(crd: JsonObject): Promise<void> {
    this.#kinds.set(nameOf(crd), JSON.stringify(crd));
    await this.#write(crd);
    const { group, apiVersion, kind } = servedBy(crd);
    await this.#until(`${kind} being served`, async () => {
      this.#access.discovery.forget(group);
      return (await this.#listNow(apiVersion, kind)) !== undefined;
    });
  }

  async removeKind(crd: JsonObject): Promise<void> {
    await this.#delete(crd);
    await this.#until(`${nameOf(crd)} being gone`, async () => (await this.get(crd)) === undefined);
    this.#kinds.delete(nameOf(crd));
    this.#access.discovery.forget(servedBy(crd).group);
  }

  async get(object: JsonObject): Promise<JsonObject | undefined> {
    const ref = await this.#refOf(object);
    const read = ref === undefined ? undefined : await this.#access.store.get(ref, this.#signal);
    if (read === undefined || read.kind === "ok") return read?.value;
    if (read.fault.kind === "notFound" || read.fault.kind === "unknownKind") return undefined;
    throw new Error(`reading ${labelOf(object)}: ${read.fault.detail}`);
  }

  /** Makes an object, or makes it what is given; a kind is changed in place, and waited for. */
  put(object: JsonObject): Promise<void> {
    return isKind(object) ? this.#putKind(object) : this.#write(object);
  }

  async #write(object: JsonObject): Promise<void> {
    const ref = await this.#mustResolve(object);
    await this.#tryUntilAccepted(`making ${labelOf(object)}`, async () => {
      const before = await this.get(object);
      if (before === undefined) return this.#send("POST", collectionPath(ref.type, ref.namespace), ref, object);
      const resourceVersion = textMember(member(before, "metadata"), "resourceVersion");
      const metadata = { ...(object["metadata"] as JsonObject), resourceVersion };
      return this.#send("PUT", objectPath(ref), ref, { ...object, metadata });
    });
  }

  /** Spec, labels and annotations become those given; status and our record stay. Made where it is not there. */
  async putTrigger(object: JsonObject): Promise<void> {
    const ref = await this.#mustResolve(object);
    await this.#tryUntilAccepted(`changing ${labelOf(object)}`, async () => {
      const before = await this.get(object);
      if (before === undefined) return this.#send("POST", collectionPath(ref.type, ref.namespace), ref, object);
      const standing = member(before, "metadata") as JsonObject;
      const wanted = member(object, "metadata");
      const kept = Object.entries((member(standing, "annotations") ?? {}) as JsonObject).filter(([name]) =>
        KEPT.has(name),
      );
      const { labels: _labels, ...rest } = standing;
      const metadata = {
        ...rest,
        ...(member(wanted, "labels") === undefined ? {} : { labels: member(wanted, "labels") ?? null }),
        annotations: { ...Object.fromEntries(kept), ...((member(wanted, "annotations") ?? {}) as JsonObject) },
      };
      return this.#send("PUT", objectPath(ref), ref, { ...before, spec: object["spec"] ?? null, metadata });
    });
  }

  /** A merge patch; what it says of a status goes to the subresource too, where there is one. */
  async patch(patch: JsonObject): Promise<void> {
    const ref = await this.#mustResolve(patch);
    const paths =
      ref.type.hasStatus && Object.hasOwn(patch, "status")
        ? [objectPath(ref), objectPath(ref, "status")]
        : [objectPath(ref)];
    for (const path of paths) {
      await this.#tryUntilAccepted(`patching ${labelOf(patch)}`, () => this.#send("PATCH", path, ref, patch));
    }
  }

  /** Asks for deletion; an object that is not there is none to delete. The end of a kind is waited for. */
  delete(object: JsonObject): Promise<void> {
    return isKind(object) ? this.removeKind(object) : this.#delete(object);
  }

  async #delete(object: JsonObject): Promise<void> {
    const ref = await this.#refOf(object);
    if (ref === undefined) return;
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" };
    const answer = await this.#send("DELETE", objectPath(ref), ref, body);
    if (answer.kind === "fault" && answer.fault.kind !== "notFound") throw new Error(answer.fault.detail);
  }

  /** All objects of a kind; none when it is not served. */
  async list({ apiVersion, kind }: KindName): Promise<readonly JsonObject[]> {
    return (await this.#listNow(apiVersion, kind)) ?? [];
  }

  /** Deletes objects for good: their finalizers are taken off. */
  async remove(objects: readonly JsonObject[]): Promise<void> {
    await Promise.all(
      objects.map(async (object) => {
        await this.delete(object);
        const finalizers = memberAt(object, ["metadata", "finalizers"]);
        if (!Array.isArray(finalizers) || finalizers.length === 0) return;
        const ref = await this.#refOf(object);
        if (ref !== undefined) await this.#send("PATCH", objectPath(ref), ref, { metadata: { finalizers: null } });
      }),
    );
  }

  async #listNow(apiVersion: string, kind: string): Promise<readonly JsonObject[] | undefined> {
    const type = await this.#access.store.resolve({ ...parseApiVersion(apiVersion), kind }, this.#signal);
    if (type.kind === "fault") return undefined;
    const page = await this.#access.store.list(type.value, {}, this.#signal);
    return page.kind === "ok" ? page.value.items : undefined;
  }

  async #mustResolve(object: JsonObject): Promise<ObjectRef> {
    const ref = await this.#refOf(object);
    if (ref === undefined) throw new Error(`${labelOf(object)}: the server does not serve its kind`);
    return ref;
  }

  async #refOf(object: JsonObject): Promise<ObjectRef | undefined> {
    const query = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
    const type = await this.#access.store.resolve(query, this.#signal);
    if (type.kind === "fault") return undefined;
    const metadata = member(object, "metadata");
    const namespace = type.value.namespaced ? textMember(metadata, "namespace") : "";
    return { type: type.value, namespace, name: textMember(metadata, "name") };
  }

  #send(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    { type }: { readonly type: ResourceType },
    body: JsonObject,
  ): Promise<ClusterResult<JsonValue>> {
    const request = {
      method,
      path,
      body,
      kind: kindLabel(type),
      verb: method.toLowerCase(),
      ...(method === "DELETE" ? {} : { query: { fieldManager: FIELD_MANAGER } }),
      ...(method === "PATCH" ? { contentType: "application/merge-patch+json" } : {}),
    };
    return this.#access.client.request(request, this.#signal);
  }

  /** A controller may write the same object at that moment, and a new kind's storage may not be up. */
  async #tryUntilAccepted(what: string, act: () => Promise<ClusterResult<JsonValue>>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const answer = await act();
      if (answer.kind === "ok") return;
      const isPassing = ["conflict", "alreadyExists", "throttled", "unavailable"].includes(answer.fault.kind);
      if (!isPassing || tries === MAX_TRIES) throw new Error(`${what}: ${answer.fault.detail}`);
      await sleep(tries * 50);
    }
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + SERVED_WITHIN_MS;
    while (!(await holds())) {
      if (performance.now() > endMs) throw new Error(`${what} did not happen within ${SERVED_WITHIN_MS / 1000} s`);
      await sleep(50);
    }
  }
}

/** What the original, and we, write on a trigger. */
const KEPT: ReadonlySet<string> = new Set([ANNOTATION.managedResources, ANNOTATION.inventory, ANNOTATION.outcome]);

function labelOf(object: JsonObject): string {
  return `${textMember(object, "kind")} ${nameOf(object)}`;
}

function nameOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "name");
}
