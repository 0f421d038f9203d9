/**
 * A Kubernetes cluster in one process: the `ObjectStore` port with the API server's semantics, for unit tests, the fault
 * harness and simulations. Also an `Informers`: see `object-informer.ts`. Answers are those of a real server as far as
 * the engine relies on them; `test/contract/object-store.ts` runs on both.
 */
import { member, textMember, type JsonObject } from "../../core/json.ts";
import { uidOf, versionOf } from "../../core/object.ts";
import { formatApiVersion, LOCAL_CLUSTER, type GroupKind } from "../../core/object-key.ts";
import { timestampText } from "../../core/status/condition.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import { ofWholeLists, type Informers, type WatchHandler, type WatchScope } from "../../engine/ports/informer.ts";
import type {
  ClusterFault,
  ClusterResult,
  DeletePreconditions,
  ObjectPage,
  ObjectRef,
  ObjectStore,
  ResourceType,
} from "../../engine/ports/object-store.ts";
import { ObjectDeletion } from "./object-deletion.ts";
import { prunedObject, type FieldTree } from "./object-fields.ts";
import { ObjectHistory } from "./object-history.ts";
import { MemoryWatch } from "./object-informer.ts";
import { mergePatch } from "./object-merge-patch.ts";
import { ObjectPages } from "./object-pages.ts";
import { createdObject, createRefusal, patchRefusal, revisedObject } from "./object-revision.ts";
import { ObjectTable } from "./object-table.ts";

/** What a request does, as fault hooks see it. */
export type MemoryVerb = "resolve" | "get" | "create" | "patch" | "patchStatus" | "delete" | "list" | "watch";

/** What a request is about; `namespace` and `name` are "" where it names none. */
export interface RequestTarget extends GroupKind {
  readonly namespace: string;
  readonly name: string;
}

type FaultHook = (
  verb: MemoryVerb,
  target: RequestTarget,
) => ClusterFault | undefined | Promise<ClusterFault | undefined>;

export interface MemoryClusterOptions {
  readonly clock: Clock;
  /** Default: `local`. */
  readonly cluster?: string;
  /** The kinds served, one entry per version, the preferred version of a kind first. More can be registered later. */
  readonly types?: readonly ResourceType[];
  /** Delete objects whose owners are gone, as kube-controller-manager does. Default: false. */
  readonly collectsGarbage?: boolean;
  /** How many changes a watch can reach back. Default: 10,000. */
  readonly maxChanges?: number;
  /** By kind, the fields of its schema beside metadata: all others are dropped. Absent: a kind keeps all. */
  readonly fields?: Readonly<Record<string, FieldTree>>;
  /** Refuses a request instead of executing it. May take its time: the request waits. */
  readonly before?: FaultHook;
  /** Replaces the answer of a request that was executed: the answer got lost. */
  readonly after?: FaultHook;
}

export class MemoryCluster implements ObjectStore, Informers {
  readonly cluster: string;
  readonly #clock: Clock;
  readonly #before: FaultHook;
  readonly #after: FaultHook;
  readonly #types: ResourceType[];
  readonly #history: ObjectHistory;
  readonly #table: ObjectTable;
  readonly #deletion: ObjectDeletion;
  readonly #pages: ObjectPages;
  readonly #fields: Readonly<Record<string, FieldTree>>;
  #births = 0;

  constructor(options: MemoryClusterOptions) {
    this.cluster = options.cluster ?? LOCAL_CLUSTER;
    this.#clock = options.clock;
    this.#types = [...(options.types ?? [])];
    this.#before = options.before ?? (() => undefined);
    this.#after = options.after ?? (() => undefined);
    this.#history = new ObjectHistory(options.maxChanges ?? 10_000);
    this.#table = new ObjectTable(this.#history);
    this.#deletion = new ObjectDeletion(this.#table, options.collectsGarbage ?? false, () => this.#timestamp());
    this.#pages = new ObjectPages();
    this.#fields = options.fields ?? {};
  }

  /** The same store: nothing is scarce here that tenants would have to share. */
  forTenant(): this {
    return this;
  }

  /** Serves one more kind, or one more version of it: as when a CRD is installed. */
  register(type: ResourceType): void {
    this.#types.push(type);
    this.#history.wakeAll();
  }

  /** Stops serving a kind, and deletes its objects: as when a CRD is deleted. */
  unregister(kind: GroupKind): void {
    for (const { object, ...place } of this.#table.ofKind(kind)) this.#table.remove(place, object);
    this.#types.splice(0, Infinity, ...this.#types.filter((type) => !isSameKind(type, kind)));
    this.#history.wakeAll();
  }

  /**
   * Stops serving a kind while its objects stay: as with `served: false` in a CRD.
   *
   * @returns a function that serves it again
   */
  suspend(kind: GroupKind): () => void {
    const suspended = this.#types.filter((type) => isSameKind(type, kind));
    this.#types.splice(0, Infinity, ...this.#types.filter((type) => !isSameKind(type, kind)));
    this.#history.wakeAll();
    return () => {
      for (const type of suspended) this.register(type);
    };
  }

  /** Cuts every watch; each goes on where it was, or lists when that is forgotten. */
  cutWatches(): void {
    this.#history.cut();
  }

  /** Forgets what happened so far: a watch that is behind must list. */
  compact(): void {
    this.#history.compact();
    this.#pages.expire();
  }

  resolve(
    kind: GroupKind & { readonly version?: string | undefined },
    signal: AbortSignal,
  ): Promise<ClusterResult<ResourceType>> {
    return this.#perform("resolve", { ...kind, namespace: "", name: "" }, signal, () => {
      const found = this.#types.find(
        (type) => isSameKind(type, kind) && (kind.version ?? type.version) === type.version,
      );
      return found === undefined
        ? refused({ kind: "unknownKind", detail: `the server does not serve ${kind.kind}` })
        : ok(found);
    });
  }

  get(ref: ObjectRef, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    return this.#perform("get", targetOf(ref), signal, () => {
      const object = this.#find(ref);
      return object === undefined ? notFound(ref) : ok(object);
    });
  }

  create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    return this.#perform("create", targetOf(ref), signal, () => {
      const refusal = this.#kindRefusal(ref.type) ?? createRefusal(ref, body);
      if (refusal !== undefined) return refused(refusal);
      if (this.#find(ref) !== undefined)
        return refused({ kind: "alreadyExists", detail: `${describe(ref)} already exists` });
      const birth = { uid: this.#nextUid(), createdAt: this.#timestamp() };
      return ok(this.#deletion.write(targetOf(ref), createdObject(ref, this.#pruned(ref, body), birth)));
    });
  }

  patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>> {
    return this.#perform(subresource === undefined ? "patch" : "patchStatus", targetOf(ref), signal, () => {
      if (subresource === "status" && !ref.type.hasStatus) return notFound(ref); // so do real servers
      const stored = this.#find(ref);
      if (stored === undefined) return notFound(ref);
      const refusal = preconditionRefusal(ref, stored, member(body, "metadata"));
      if (refusal !== undefined) return refused(refusal);
      const patched = this.#pruned(ref, mergePatch(stored, body));
      const invalid = subresource === "status" ? undefined : patchRefusal(ref.type, stored, patched);
      if (invalid !== undefined) return refused(invalid);
      const next = revisedObject(ref.type, stored, patched, subresource);
      return ok(next === stored ? stored : this.#deletion.write(targetOf(ref), next));
    });
  }

  delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>> {
    return this.#perform("delete", targetOf(ref), signal, () => {
      const stored = this.#find(ref);
      if (stored === undefined) return notFound(ref);
      const { uid, resourceVersion } = preconditions;
      const refusal = preconditionRefusal(ref, stored, {
        uid,
        ...(resourceVersion !== undefined && { resourceVersion }),
      });
      if (refusal !== undefined) return refused(refusal);
      this.#deletion.delete(targetOf(ref), preconditions.propagationPolicy);
      return ok(null);
    });
  }

  list(
    type: ResourceType,
    options: Parameters<ObjectStore["list"]>[1],
    signal: AbortSignal,
  ): Promise<ClusterResult<ObjectPage>> {
    const target = { group: type.group, kind: type.kind, namespace: options.namespace ?? "", name: "" };
    return this.#perform("list", target, signal, () => {
      const refusal = this.#kindRefusal(type);
      if (refusal !== undefined) return refused(refusal);
      if (options.continueToken !== undefined) return this.#pages.next(options.continueToken, options.limit);
      const all = this.#table
        .ofKind(type)
        .filter(({ namespace }) => !options.namespace || namespace === options.namespace);
      const objects = all.map(({ object }) => asVersion(object, type));
      return this.#pages.first(objects, String(this.#history.position), options);
    });
  }

  watch<Kept = JsonObject>(scope: WatchScope, handler: WatchHandler<Kept>, signal: AbortSignal): Promise<void> {
    const target = { group: scope.type.group, kind: scope.type.kind, namespace: scope.namespace ?? "", name: "" };
    const open = (): Promise<ClusterResult<null>> =>
      this.#perform("watch", target, signal, () => {
        const refusal = this.#kindRefusal(scope.type);
        return refusal === undefined ? ok(null) : refused(refusal);
      });
    const isServed = (): boolean => this.#kindRefusal(scope.type) === undefined;
    const source = { store: this, history: this.#history, clock: this.#clock, open, isServed };
    return new MemoryWatch(source, scope, ofWholeLists(handler), signal).run();
  }

  /** The way of every request: abort, fault before, the request itself at one instant, fault after. */
  async #perform<T>(
    verb: MemoryVerb,
    target: RequestTarget,
    signal: AbortSignal,
    execute: () => ClusterResult<T>,
  ): Promise<ClusterResult<T>> {
    const fault = await this.#before(verb, target);
    if (fault !== undefined) return refused(fault);
    if (signal.aborted) return refused({ kind: "aborted", detail: `${verb} was aborted` });
    const result = execute();
    const lost = await this.#after(verb, target);
    return lost === undefined ? result : refused(lost);
  }

  #pruned({ type }: ObjectRef, object: JsonObject): JsonObject {
    return prunedObject(object, this.#fields[type.kind]);
  }

  #find(ref: ObjectRef): JsonObject | undefined {
    const object = this.#table.find(targetOf(ref));
    return object === undefined ? undefined : asVersion(object, ref.type);
  }

  #kindRefusal(kind: ResourceType): ClusterFault | undefined {
    const isServed = this.#types.some((type) => isSameKind(type, kind) && type.version === kind.version);
    return isServed ? undefined : { kind: "unknownKind", detail: `the server does not serve ${kind.kind}` };
  }

  #nextUid(): string {
    this.#births += 1;
    return `00000000-0000-4000-8000-${this.#births.toString(16).padStart(12, "0")}`;
  }

  /** Whole seconds, as Kubernetes writes times. */
  #timestamp(): string {
    return timestampText(this.#clock.wallMs());
  }
}

/** uid and resourceVersion, where they are set, must be those of the stored object. */
function preconditionRefusal(ref: ObjectRef, stored: JsonObject, wanted: unknown): ClusterFault | undefined {
  const metadata = wanted as JsonObject | undefined;
  const uid = textMember(metadata, "uid");
  const resourceVersion = textMember(metadata, "resourceVersion");
  if (uid !== "" && uid !== uidOf(stored)) {
    return { kind: "conflict", detail: `${describe(ref)}: the UID in the precondition does not match` };
  }
  if (resourceVersion !== "" && resourceVersion !== versionOf(stored)) {
    return { kind: "conflict", detail: `${describe(ref)}: the object has been modified` };
  }
  return undefined;
}

/** Versions of a kind share their objects; nothing but apiVersion differs here. */
function asVersion(object: JsonObject, type: ResourceType): JsonObject {
  const apiVersion = formatApiVersion(type);
  return object["apiVersion"] === apiVersion ? object : { ...object, apiVersion };
}

function targetOf(ref: ObjectRef): RequestTarget {
  const namespace = ref.type.namespaced ? ref.namespace : "";
  return { group: ref.type.group, kind: ref.type.kind, namespace, name: ref.name };
}

function isSameKind(a: GroupKind, b: GroupKind): boolean {
  return a.group === b.group && a.kind === b.kind;
}

function describe(ref: ObjectRef): string {
  return `${ref.type.plural} "${ref.name}"`;
}

function notFound(ref: ObjectRef): ClusterResult<never> {
  return refused({ kind: "notFound", detail: `${describe(ref)} not found` });
}

function ok<T>(value: T): ClusterResult<T> {
  return { kind: "ok", value };
}

function refused(fault: ClusterFault): ClusterResult<never> {
  return { kind: "fault", fault };
}
