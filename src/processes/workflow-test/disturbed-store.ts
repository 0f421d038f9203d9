/** An object store that counts the requests of a worker and makes one of them go wrong. */
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
 * `conflict`: 409 · `throttled`: 429 · `unavailable`: 500, nothing was done · `lost-answer`: done, but the answer is
 * lost · `crash`: done, then the worker dies and a new one starts · `lease-lost`: the worker stopped for so long that
 * it may not continue; the request itself is on its way.
 */
export const REQUEST_FAULTS = ["conflict", "throttled", "unavailable", "lost-answer", "crash", "lease-lost"] as const;
export type RequestFault = (typeof REQUEST_FAULTS)[number];

/** A request of the worker in words, such as `patch ConfigMap shop/web`. */
export interface ClusterRequest {
  readonly text: string;
  readonly isWrite: boolean;
}

export interface Disturbance {
  /** Number of the request, from 0. */
  readonly at: number;
  readonly fault: RequestFault;
}

/** Learns that the worker cannot continue. */
export interface WorkerFate {
  crash(): void;
  loseLease(): void;
}

/** Every fault that a request can have. */
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
   * @param requests - list to which this worker adds its requests; the next worker continues the count
   * @param disturbance - the fault; undefined: none
   */
  constructor(store: ObjectStore, requests: ClusterRequest[], fate: WorkerFate, disturbance: Disturbance | undefined) {
    this.cluster = store.cluster;
    this.#store = store;
    this.#requests = requests;
    this.#fate = fate;
    this.#disturbance = disturbance;
  }

  /** A test has only one trigger. */
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

  /** Requests of other steps of a dead worker complete, but nobody gets their result. */
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
        // Sent before the worker stopped: that it gives up does not cancel the request.
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
