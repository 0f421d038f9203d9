/** An object store that counts the requests of a worker and lets one of them go wrong. */
import { injectedFault } from "../../adapters/memory/injected-faults.ts";
import type { JsonObject } from "../../core/json.ts";
import { objectText } from "../../core/object-key.ts";
import type {
  ClusterResult,
  DeletePreconditions,
  ObjectPage,
  ObjectRef,
  ObjectStore,
  ResourceType,
} from "../../engine/ports/object-store.ts";

/**
 * `conflict`: 409 · `throttled`: 429 · `unavailable`: 500, nothing was done · `lost-answer`: done, but the answer never came ·
 * `crash`: done, and the worker is gone; a new one comes · `lease-lost`: the worker was stopped for so long that it may not
 * go on; the request itself is on its way.
 */
export const REQUEST_FAULTS = ["conflict", "throttled", "unavailable", "lost-answer", "crash", "lease-lost"] as const;
export type RequestFault = (typeof REQUEST_FAULTS)[number];

/** A request of the worker, in words, such as `patch ConfigMap shop/web`. */
export interface ClusterRequest {
  readonly text: string;
  readonly isWrite: boolean;
}

export interface Disturbance {
  /** Counts the requests from 0. */
  readonly at: number;
  readonly fault: RequestFault;
}

/** Who is told that the worker cannot go on. */
export interface WorkerFate {
  crash(): void;
  loseLease(): void;
}

/** Everything that can go wrong with a request. */
export function requestFaults({ isWrite }: ClusterRequest): readonly RequestFault[] {
  return isWrite ? REQUEST_FAULTS : ["throttled", "unavailable", "lease-lost"];
}

export class DisturbedStore implements ObjectStore {
  readonly cluster: string;
  readonly #store: ObjectStore;
  readonly #fate: WorkerFate;
  readonly #disturbance: Disturbance | undefined;
  readonly #requests: ClusterRequest[];
  #isDead = false;

  /**
   * @param requests - to which those of this worker are added: the next worker counts on
   * @param disturbance - what goes wrong; undefined: nothing
   */
  constructor(store: ObjectStore, requests: ClusterRequest[], fate: WorkerFate, disturbance: Disturbance | undefined) {
    this.cluster = store.cluster;
    this.#store = store;
    this.#requests = requests;
    this.#fate = fate;
    this.#disturbance = disturbance;
  }

  /** A test has one trigger. */
  forTenant(): this {
    return this;
  }

  resolve(...call: Parameters<ObjectStore["resolve"]>): ReturnType<ObjectStore["resolve"]> {
    return this.#isDead ? never() : this.#store.resolve(...call);
  }

  get(ref: ObjectRef, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    return this.#pass({ text: `get ${nameText(ref)}`, isWrite: false }, signal, (until) => this.#store.get(ref, until));
  }

  list(
    type: ResourceType,
    options: Parameters<ObjectStore["list"]>[1],
    signal: AbortSignal,
  ): Promise<ClusterResult<ObjectPage>> {
    return this.#pass({ text: `list ${type.kind}`, isWrite: false }, signal, (until) =>
      this.#store.list(type, options, until),
    );
  }

  create(ref: ObjectRef, body: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonObject>> {
    return this.#pass({ text: `create ${nameText(ref)}`, isWrite: true }, signal, (until) =>
      this.#store.create(ref, body, until),
    );
  }

  patch(
    ref: ObjectRef,
    body: JsonObject,
    signal: AbortSignal,
    subresource?: "status",
  ): Promise<ClusterResult<JsonObject>> {
    const text = `patch ${subresource === undefined ? "" : "the status of "}${nameText(ref)}`;
    return this.#pass({ text, isWrite: true }, signal, (until) => this.#store.patch(ref, body, until, subresource));
  }

  delete(ref: ObjectRef, preconditions: DeletePreconditions, signal: AbortSignal): Promise<ClusterResult<null>> {
    const text = `delete ${nameText(ref)}`;
    return this.#pass({ text, isWrite: true }, signal, (until) => this.#store.delete(ref, preconditions, until));
  }

  async #pass<T>(
    request: ClusterRequest,
    signal: AbortSignal,
    execute: (until: AbortSignal) => Promise<ClusterResult<T>>,
  ): Promise<ClusterResult<T>> {
    if (this.#isDead) return never();
    const at = this.#requests.push(request) - 1;
    const fault = this.#disturbance?.at === at ? this.#disturbance.fault : undefined;
    const result = await this.#disturbed(fault, signal, execute);
    return this.#unlessDead(result);
  }

  /** What other steps of a dead worker have under way is done, and nobody hears of it. */
  #unlessDead<T>(result: T): T | Promise<T> {
    return this.#isDead ? never() : result;
  }

  async #disturbed<T>(
    fault: RequestFault | undefined,
    signal: AbortSignal,
    execute: (until: AbortSignal) => Promise<ClusterResult<T>>,
  ): Promise<ClusterResult<T>> {
    switch (fault) {
      case undefined:
        return execute(signal);
      case "crash": {
        const result = await execute(signal);
        this.#isDead = true;
        this.#fate.crash();
        return result;
      }
      case "lease-lost":
        // Sent before the worker stood still: its giving up does not call the request back.
        this.#fate.loseLease();
        await execute(new AbortController().signal);
        return { kind: "fault", fault: { kind: "aborted", detail: "the lease was lost (injected fault)" } };
      case "lost-answer":
        await execute(signal);
        return { kind: "fault", fault: injectedFault(fault) };
      case "conflict":
      case "throttled":
      case "unavailable":
        return { kind: "fault", fault: injectedFault(fault) };
    }
  }
}

function nameText({ type, namespace, name }: ObjectRef): string {
  return objectText({ kind: type.kind, namespace, name });
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
