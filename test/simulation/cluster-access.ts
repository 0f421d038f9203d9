/** The cluster as one process reaches it: requests that may be refused, lost or answered late, and watches that may break. */
import { refusalOf, UNSERVED_FAULT, type StoreFault } from "./store-faults.ts";
import type { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { isGoing } from "../../src/core/object.ts";
import { formatKey, type GroupKind, type KeyText } from "../../src/core/object-key.ts";
import { ofWholeLists, type Informers, type WatchHandler, type WatchScope } from "../../src/engine/ports/informer.ts";
import type {
  ClusterResult,
  DeletePreconditions,
  ObjectPage,
  ObjectRef,
  ObjectStore,
  ResourceType,
} from "../../src/engine/ports/object-store.ts";
import type { WatchAccess } from "../../src/engine/ports/watch-access.ts";
import type { Fault } from "./faults.ts";
import { currentRun, type Process } from "./process.ts";
import { never } from "./time.ts";
import type { World } from "./world.ts";

/** How long an unanswered request is on its way before it is done after all. */
const LATE_MS = 15_000;
/** How long a watch that ended is away. */
const GAP_MS = 2000;
const DELAY_MS = 3000;
/** How long a kind goes on not being served to a process: one server of several that is behind. */
const UNSERVED_MS = 3000;
/** How long an event waits for the next one that is to come before it. */
const SWAP_WAIT_MS = 500;

const STORE_FAULTS: ReadonlySet<Fault> = new Set([
  "conflict",
  "throttled",
  "unavailable",
  "lost-answer",
  "late",
  "stale",
  "unserved",
]);

export class ClusterAccess implements ObjectStore, Informers, WatchAccess {
  readonly cluster: string;
  readonly #world: World;
  readonly #process: Process;
  readonly #unservedUntilMs = new Map<string, number>();

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
    this.cluster = world.cluster.cluster;
  }

  get #cluster(): MemoryCluster {
    return this.#world.cluster;
  }

  forTenant(): this {
    return this;
  }

  resolve(
    kind: GroupKind & { readonly version?: string | undefined },
    signal: AbortSignal,
  ): Promise<ClusterResult<ResourceType>> {
    const isServed = () => this.#world.time.nowMs >= (this.#unservedUntilMs.get(kind.kind) ?? 0);
    const find = () => (isServed() ? this.#cluster.resolve(kind, signal) : Promise.resolve(UNSERVED));
    return this.#request("resolve", kind.kind, signal, find);
  }

  get(ref: ObjectRef, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    const stale = (): ClusterResult<JsonObject> | undefined => this.#world.audit.versionBefore(this.#keyOf(ref));
    const read = async () => {
      const result = await this.#cluster.get(ref, signal);
      this.#world.audit.told(this.#keyOf(ref), result.kind === "ok" ? result.value : null);
      return result;
    };
    return this.#request("get", nameOf(ref), signal, read, stale);
  }

  create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    return this.#write("create", ref, signal, () => this.#cluster.create(ref, body, new AbortController().signal));
  }

  patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>> {
    const sent = this.#world.mutation.strip(body);
    const act = () => this.#cluster.patch(ref, sent, new AbortController().signal, subresource);
    return this.#write(subresource === undefined ? "patch" : "patchStatus", ref, signal, act);
  }

  delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>> {
    const act = () => this.#cluster.delete(ref, preconditions, new AbortController().signal);
    return this.#write("delete", ref, signal, act);
  }

  list(
    type: ResourceType,
    options: Parameters<ObjectStore["list"]>[1],
    signal: AbortSignal,
  ): Promise<ClusterResult<ObjectPage>> {
    return this.#request("list", type.kind, signal, () => this.#cluster.list(type, options, signal));
  }

  watchScopeFor(): ReturnType<WatchAccess["watchScopeFor"]> {
    return Promise.resolve({ kind: "ok", value: { kind: "cluster" } });
  }

  async watch<Kept = JsonObject>(scope: WatchScope, handler: WatchHandler<Kept>, signal: AbortSignal): Promise<void> {
    const alive = AbortSignal.any([signal, this.#process.lane.died]);
    const isOver = () => alive.aborted;
    while (!isOver()) {
      const broken = new AbortController();
      const stream = new Stream(this.#process, scope, this.#audited(scope.type, ofWholeLists(handler)), broken);
      await this.#cluster.watch(scope, stream, AbortSignal.any([alive, broken.signal]));
      if (!isOver()) await this.#process.lane.sleep(GAP_MS, signal);
    }
    if (this.#process.lane.hasDied()) await never<never>();
  }

  /** What is told from now on somebody has heard. */
  #audited(type: ResourceType, handler: WatchHandler): WatchHandler {
    const { audit } = this.#world;
    return {
      onList: (objects, resourceVersion) => {
        for (const object of objects) audit.told(this.#keyIn(type, object), object);
        return handler.onList(objects, resourceVersion);
      },
      onEvent: (kind, object) => {
        audit.told(this.#keyIn(type, object), kind === "deleted" ? null : object);
        return handler.onEvent(kind, object);
      },
      onState: (state) => handler.onState(state),
    };
  }

  #write<T extends JsonObject | null>(
    verb: string,
    ref: ObjectRef,
    signal: AbortSignal,
    act: () => Promise<ClusterResult<T>>,
  ): Promise<ClusterResult<T>> {
    const run = currentRun.getStore();
    const key = this.#keyOf(ref);
    const execute = async () => {
      const before = this.#world.audit.versionOf(key);
      // The deletion of what is being deleted changes nothing.
      const isNoChange = verb === "delete" && isGoing(this.#world.audit.current(key) ?? {});
      const result = await act();
      if (result.kind === "ok") this.#world.audit.told(key, result.value);
      if (result.kind === "ok" && !isNoChange)
        this.#world.wrote({ run, by: this.#process.name, verb, object: key }, result.value, before);
      return result;
    };
    return this.#request(verb, nameOf(ref), signal, execute);
  }

  async #request<T>(
    verb: string,
    target: string,
    signal: AbortSignal,
    execute: () => Promise<ClusterResult<T>>,
    stale?: () => ClusterResult<T> | undefined,
  ): Promise<ClusterResult<T>> {
    if (signal.aborted) return aborted(verb);
    const answer = this.#process.call({ to: "cluster", verb, target }, execute, (fault) => {
      const kind = fault === "late-act" ? "late" : (fault as StoreFault);
      if (!STORE_FAULTS.has(kind)) return undefined;
      const refusal = refusalOf(kind);
      return async (): Promise<ClusterResult<T>> => {
        if (refusal === undefined) return stale?.() ?? execute();
        if (kind === "lost-answer") await execute();
        if (kind === "unserved") this.#unservedUntilMs.set(kindIn(target), this.#world.time.nowMs + UNSERVED_MS);
        if (kind === "late") this.#world.later(LATE_MS, execute);
        return { kind: "fault", fault: refusal };
      };
    });
    return Promise.race([answer, this.#abort(verb, signal)]);
  }

  /** Who gives a request up hears so at once; whether it is executed is not his to say any more. */
  #abort(verb: string, signal: AbortSignal): Promise<ClusterResult<never>> {
    return new Promise((resolve) => {
      const end = () => {
        if (!this.#process.lane.hasDied()) resolve(aborted(verb));
      };
      signal.addEventListener("abort", end, { once: true });
    });
  }

  #keyIn(type: ResourceType, object: JsonObject): KeyText {
    const metadata = member(object, "metadata");
    return this.#keyOf({ type, namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") });
  }

  #keyOf({ type, namespace, name }: ObjectRef): KeyText {
    return formatKey({ cluster: this.cluster, ...type, namespace: type.namespaced ? namespace : "", name });
  }
}

type EventType = "added" | "modified" | "deleted";

interface HeldEvent {
  readonly type: EventType;
  readonly object: JsonObject;
  readonly release: AbortController;
}

/** One watch from its opening to its end. A watch keeps its order; only events of different objects are ever swapped. */
class Stream implements WatchHandler {
  readonly #process: Process;
  readonly #scope: WatchScope;
  readonly #handler: WatchHandler;
  readonly #broken: AbortController;
  #held: HeldEvent | undefined;

  constructor(process: Process, scope: WatchScope, handler: WatchHandler, broken: AbortController) {
    this.#process = process;
    this.#scope = scope;
    this.#handler = handler;
    this.#broken = broken;
  }

  async onList(objects: readonly JsonObject[], resourceVersion: string): Promise<void> {
    if (this.#broken.signal.aborted) return;
    const tell = async () => this.#handler.onList(objects, resourceVersion);
    await this.#process.call({ to: "watch", verb: "list", target: this.#scope.type.kind }, tell, (fault) =>
      this.#altered(fault, tell),
    );
  }

  async onEvent(type: EventType, object: JsonObject): Promise<void> {
    if (this.#broken.signal.aborted) return;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && uidOf(held.object) === uidOf(object)) await this.#tellHeld(held);
    const name = textMember(member(object, "metadata"), "name");
    const tell = async () => this.#handler.onEvent(type, object);
    await this.#process.call({ to: "watch", verb: type, target: `${this.#scope.type.kind}/${name}` }, tell, (fault) =>
      fault === "swap" ? () => this.#hold(type, object) : this.#altered(fault, tell),
    );
    if (held !== undefined && uidOf(held.object) !== uidOf(object)) await this.#tellHeld(held);
  }

  onState(state: Parameters<WatchHandler["onState"]>[0]): void {
    if (!this.#process.lane.hasDied()) this.#handler.onState(state);
  }

  #altered(fault: Fault, tell: () => Promise<void>): (() => Promise<void>) | undefined {
    if (fault === "drop") return async () => this.#broken.abort();
    if (fault === "duplicate")
      return async () => {
        await tell();
        await tell();
      };
    if (fault !== "delay") return undefined;
    return async () => {
      await this.#process.lane.sleep(DELAY_MS);
      await tell();
    };
  }

  #hold(type: EventType, object: JsonObject): Promise<void> {
    const held = { type, object, release: new AbortController() };
    this.#held = held;
    void this.#process.lane.sleep(SWAP_WAIT_MS, held.release.signal).then(async () => {
      if (this.#held === held) this.#held = undefined;
      else return;
      if (!this.#broken.signal.aborted) await this.#handler.onEvent(type, object);
    });
    return Promise.resolve();
  }

  async #tellHeld({ type, object, release }: HeldEvent): Promise<void> {
    release.abort();
    await this.#handler.onEvent(type, object);
  }
}

function uidOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "uid");
}

const UNSERVED = { kind: "fault", fault: UNSERVED_FAULT } as const;

/** Of a target as `Kind/name`, or the kind alone. */
function kindIn(target: string): string {
  return target.split("/")[0] ?? "";
}

function nameOf({ type, name }: ObjectRef): string {
  return `${type.kind}/${name}`;
}

function aborted(verb: string): ClusterResult<never> {
  return { kind: "fault", fault: { kind: "aborted", detail: `${verb} was given up` } };
}
