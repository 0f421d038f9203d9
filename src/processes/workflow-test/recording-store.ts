/** An object store that records writes which changed an object other than the trigger. */
import type { JsonObject } from "../../core/json.ts";
import { versionOf } from "../../core/object.ts";
import type { TestedAction } from "../../core/workflow-test/prepare.ts";
import type { ClusterResult, DeletePreconditions, ObjectRef, ObjectStore } from "../../engine/ports/object-store.ts";

export class RecordingStore implements ObjectStore {
  readonly cluster: string;
  readonly #store: ObjectStore;
  readonly #isTrigger: (ref: ObjectRef) => boolean;
  #actions: TestedAction[] = [];

  constructor(store: ObjectStore, isTrigger: (ref: ObjectRef) => boolean) {
    this.cluster = store.cluster;
    this.#store = store;
    this.#isTrigger = isTrigger;
  }

  /** A test has only one trigger. */
  forTenant(): this {
    return this;
  }

  /** The writes recorded since the last call. */
  takeActions(): readonly TestedAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  resolve(...call: Parameters<ObjectStore["resolve"]>): ReturnType<ObjectStore["resolve"]> {
    return this.#store.resolve(...call);
  }

  get(...call: Parameters<ObjectStore["get"]>): ReturnType<ObjectStore["get"]> {
    return this.#store.get(...call);
  }

  list(...call: Parameters<ObjectStore["list"]>): ReturnType<ObjectStore["list"]> {
    return this.#store.list(...call);
  }

  async create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    const result = await this.#store.create(ref, body, signal);
    if (result.kind === "ok") this.#note("create", ref);
    return result;
  }

  async patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>> {
    const before = await this.#store.get(ref, signal);
    const result = await this.#store.patch(ref, body, signal, subresource);
    const isChanged =
      result.kind === "ok" && before.kind === "ok" && versionOf(result.value) !== versionOf(before.value);
    if (isChanged) this.#note("patch", ref);
    return result;
  }

  async delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>> {
    const result = await this.#store.delete(ref, preconditions, signal);
    if (result.kind === "ok") this.#note("delete", ref);
    return result;
  }

  #note(action: TestedAction["action"], ref: ObjectRef): void {
    if (this.#isTrigger(ref)) return;
    this.#actions.push({ action, kind: ref.type.kind, namespace: ref.namespace, name: ref.name });
  }
}
