/**
 * One worker on a memory cluster: definitions are written in YAML, a trigger's key is run on demand, and every request is
 * counted. Time stands until a test moves it.
 */
import { MemoryDefinitionRegistry } from "../../../src/adapters/memory/definition-registry.ts";
import { MemoryObjectIndex } from "../../../src/adapters/memory/object-index.ts";
import { MemoryWatchLedger } from "../../../src/adapters/memory/watch-ledger.ts";
import { MemoryObjectLock } from "../../../src/adapters/memory/object-lock.ts";
import { MemoryCluster, type MemoryClusterOptions } from "../../../src/adapters/memory/object-store.ts";
import { memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { readYaml } from "../../../src/core/manifest/read-yaml.ts";
import { formatKey, parseApiVersion, type KeyText } from "../../../src/core/object-key.ts";
import { DefinitionCache } from "../../../src/engine/definitions.ts";
import type { ObjectRef, ResourceType } from "../../../src/engine/ports/object-store.ts";
import type { ObjectEvent } from "../../../src/engine/ports/event-sink.ts";
import type { Cause, RunReport, WakeUp } from "../../../src/engine/ports/reconcile-queue.ts";
import type { RunObserver } from "../../../src/engine/run-context.ts";
import { Reconciler } from "../../../src/engine/reconcile.ts";
import type { LogFields, Logger } from "../../../src/engine/ports/logger.ts";
import { ManualClock, settled } from "../../../src/adapters/memory/manual-clock.ts";
import { CONFIG_MAP, resourceType } from "../../support/resource-type.ts";
import { silentLog } from "../../support/silent-log.ts";

/** The kind of every trigger here. */
export const REQUEST = resourceType("t.koreo.test", "Request");
export { CONFIG_MAP };
export const KINDS = [
  REQUEST,
  CONFIG_MAP,
  resourceType("t.koreo.test", "Region", { namespaced: false }),
  ...["Workflow", "ValueFunction", "ResourceFunction", "ResourceTemplate", "FunctionTest"].map((name) =>
    resourceType("koreo.dev", name, { version: "v1beta1" }),
  ),
];

const SIGNAL = new AbortController().signal;

export interface BenchOptions {
  /** Kinds that stand before those everybody has. */
  readonly kinds?: readonly ResourceType[];
  /** Refuses a request of the worker; others' are never refused. */
  readonly before?: MemoryClusterOptions["before"];
  readonly observer?: RunObserver;
  /** Told of what the worker logs as an error. */
  readonly onError?: (fields: LogFields) => void;
}

export class WorkerBench {
  readonly clock = new ManualClock();
  readonly index = new MemoryObjectIndex();
  readonly ledger = new MemoryWatchLedger();
  readonly lock = new MemoryObjectLock(this.clock);
  readonly cluster: MemoryCluster;
  /** Writes the engine sent, as `verb Kind/name`; reads are left out. */
  readonly writes: string[] = [];
  /** Keys of other triggers that runs have woken. */
  readonly enqueued: KeyText[] = [];
  /** Events the engine told. */
  readonly events: ObjectEvent[] = [];
  /** How much of the lease is left in every run. */
  leaseLeftMs = 10_000;
  readonly #reconciler: Reconciler;
  readonly #definitions: DefinitionCache;
  readonly #ended = new AbortController();
  #isCounting = false;

  readonly #kinds: readonly ResourceType[];

  private constructor(options: BenchOptions) {
    this.#kinds = [...(options.kinds ?? []), ...KINDS];
    this.cluster = new MemoryCluster({
      clock: this.clock,
      types: this.#kinds,
      before: async (verb, target) => {
        const isWrite = ["create", "patch", "patchStatus", "delete"].includes(verb);
        if (this.#isCounting && isWrite) this.writes.push(`${verb} ${target.kind}/${target.name}`);
        return this.#isCounting ? options.before?.(verb, target) : undefined;
      },
    });
    const log: Logger = { ...silentLog, error: (fields) => options.onError?.(fields), with: () => log };
    const ports = { store: this.cluster, clock: this.clock, log };
    const registry = new MemoryDefinitionRegistry();
    this.#definitions = new DefinitionCache(
      { ...ports, informers: this.cluster, registry },
      { namespaces: ["defs"], checks: new Map() },
    );
    const queue = {
      enqueue: (wakeUps: readonly WakeUp[]) => {
        this.enqueued.push(...wakeUps.map(({ key }) => key));
        return Promise.resolve();
      },
    };
    const events = { emit: (event: ObjectEvent) => void this.events.push(event) };
    void this.index.sayWhole();
    const shared = { index: this.index, lock: this.lock, ledger: this.ledger, queue, events };
    this.#reconciler = new Reconciler({ ...ports, ...shared }, this.#definitions, registry, {
      resyncIntervalMs: 1_200_000,
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    });
  }

  /** @param yaml - definitions and objects that are there from the beginning */
  static async start(yaml: string, options: BenchOptions = {}): Promise<WorkerBench> {
    const bench = new WorkerBench(options);
    await bench.apply(yaml);
    void bench.#definitions.run(bench.#ended.signal);
    await settled();
    return bench;
  }

  /** Creates objects, or merges them over what is there: as somebody else than the worker. */
  async apply(yaml: string): Promise<void> {
    const { documents } = readYaml(yaml);
    for (const { value } of documents) {
      const object = value as JsonObject;
      const ref = this.#ref(object);
      const answer = await this.cluster.create(ref, object, SIGNAL);
      if (answer.kind === "ok") continue;
      const patched = await this.cluster.patch(ref, object, SIGNAL);
      if (patched.kind === "fault") throw new Error(patched.fault.detail);
    }
    await settled();
  }

  /** Lets something happen in which every request is the worker's: `before` is asked about them. */
  async asWorker(happens: () => Promise<void>): Promise<void> {
    this.#isCounting = true;
    try {
      await happens();
    } finally {
      this.#isCounting = false;
    }
  }

  /**
   * Runs one Request's key once.
   *
   * @param failures - how many runs in a row have failed before
   */
  async run(name: string, causes: readonly Cause[] = [], failures = 0): Promise<RunReport> {
    this.#isCounting = true;
    try {
      return await this.#reconciler.reconcile({
        key: keyOf(REQUEST, name),
        fence: 1,
        workClass: 1,
        waitedMs: 0,
        causes,
        failures,
        leaseLeftMs: () => this.leaseLeftMs,
        signal: SIGNAL,
      });
    } finally {
      this.#isCounting = false;
    }
  }

  /** The writes of one run, in order. */
  async writesOf(name: string): Promise<readonly string[]> {
    this.writes.length = 0;
    await this.run(name);
    return [...this.writes];
  }

  async get(type: ResourceType, name: string): Promise<JsonObject | undefined> {
    const namespace = type.namespaced ? "apps" : "";
    const read = await this.cluster.get({ type, namespace, name }, SIGNAL);
    return read.kind === "ok" ? read.value : undefined;
  }

  async patch(type: ResourceType, name: string, body: JsonObject): Promise<void> {
    const answer = await this.cluster.patch({ type, namespace: "apps", name }, body, SIGNAL);
    if (answer.kind === "fault") throw new Error(answer.fault.detail);
    await settled();
  }

  async delete(type: ResourceType, name: string): Promise<void> {
    const uid = textMember((await this.get(type, name))?.["metadata"], "uid");
    const namespace = type.namespaced ? "apps" : "";
    await this.cluster.delete({ type, namespace, name }, { uid, propagationPolicy: "Background" }, SIGNAL);
  }

  /** Deletes every definition of a kind, as somebody else than the worker. */
  async forget(kind: string): Promise<void> {
    const type = KINDS.find((each) => each.kind === kind) as ResourceType;
    const page = await this.cluster.list(type, { namespace: "defs" }, SIGNAL);
    for (const item of page.kind === "ok" ? page.value.items : []) {
      const { name, uid } = item["metadata"] as { name: string; uid: string };
      await this.cluster.delete({ type, namespace: "defs", name }, { uid, propagationPolicy: "Background" }, SIGNAL);
    }
    await settled();
  }

  /** The condition of a Request; "" stands for what it has not. */
  async condition(name: string, type = "Ready"): Promise<{ readonly reason: string; readonly message: string }> {
    const conditions = memberAt(await this.get(REQUEST, name), ["status", "conditions"]);
    const all = Array.isArray(conditions) ? (conditions as readonly JsonValue[]) : [];
    const found = all.find((each) => textMember(each, "type") === type);
    return { reason: textMember(found, "reason"), message: textMember(found, "message") };
  }

  stop(): void {
    this.#ended.abort();
  }

  #ref(object: JsonObject): ObjectRef {
    const { group, version } = parseApiVersion(textMember(object, "apiVersion"));
    const type = this.#kinds.find((each) => each.group === group && each.kind === object["kind"]);
    if (type === undefined) throw new Error(`no such kind: ${JSON.stringify(object)}`);
    const metadata = object["metadata"];
    const namespace = type.namespaced ? textMember(metadata, "namespace") || "apps" : "";
    return { type: { ...type, version }, namespace, name: textMember(metadata, "name") };
  }
}

/** The key of an object in `apps`. */
export function keyOf(type: ResourceType, name: string): KeyText {
  return formatKey({ cluster: "local", ...type, namespace: type.namespaced ? "apps" : "", name });
}

export const request = (name: string, spec = "{ text: hello }") => `
---
apiVersion: t.koreo.test/v1
kind: Request
metadata: { name: ${name} }
spec: ${spec}
`;

/** A step on a ResourceFunction, of the same name if no other is given; `more` is YAML of the step. */
export const step = (label: string, more = "", fn = label) => `
    - label: ${label}
      ref: { kind: ResourceFunction, name: ${fn} }
      inputs: { name: =parent.metadata.name, spec: =parent.spec }
      ${more}`;

/** The Workflow of Requests. */
export const workflow = (...steps: readonly string[]) => `
---
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: flow, namespace: defs }
spec:
  crdRef: { apiGroup: t.koreo.test, version: v1, kind: Request }
  steps:${steps.join("")}
`;

/** A Workflow for Requests whose steps call ResourceFunctions of their own names. */
export function flow(...labels: readonly string[]): string {
  return workflow(...labels.map((label) => step(label, `condition: { type: ${label}, name: The ${label} }`)));
}

/** A ResourceFunction about a ConfigMap. `api` and `more` are YAML. */
export function keeps(
  name: string,
  { data = "{ text: =inputs.spec.text }", object = "shared", api = "", update = "patch", more = "" } = {},
): string {
  return `
---
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name}, namespace: defs }
spec:
  apiConfig:
    apiVersion: v1
    kind: ConfigMap
    name: ${object}
    namespace: apps
    ${api}
  resource: { data: ${data} }
  create: { delay: 5 }
  update: { ${update}: { delay: 7 } }
  ${more}
`;
}
