/**
 * The cluster of a WorkflowTest: a memory cluster, a clock that moves only when it must, and the worker's own
 * reconciler on top. It runs the same code as production, except queue and watches: the case decides when to run.
 */
import { MemoryDefinitionRegistry } from "../../adapters/memory/definition-registry.ts";
import { ManualClock } from "../../adapters/memory/manual-clock.ts";
import { MemoryObjectIndex } from "../../adapters/memory/object-index.ts";
import { MemoryObjectLock } from "../../adapters/memory/object-lock.ts";
import { MemoryCluster } from "../../adapters/memory/object-store.ts";
import { MemoryWatchLedger } from "../../adapters/memory/watch-ledger.ts";
import { textMember, type JsonObject } from "../../core/json.ts";
import { formatApiVersion, formatKey, parseApiVersion, type KeyText } from "../../core/object-key.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { nameOf, type ObjectName, type TestedAction } from "../../core/workflow-test/prepare.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ClusterResult, ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";
import { Reconciler } from "../../engine/reconcile.ts";
import type { EndedRun, RunObserver, WorkerPorts } from "../../engine/run-context.ts";
import { DisturbedStore, type ClusterRequest, type Disturbance } from "./disturbed-store.ts";
import { RecordingStore } from "./recording-store.ts";

export interface TestClusterOptions {
  readonly types: readonly ResourceType[];
  readonly catalog: Catalog;
  readonly trigger: ObjectName;
  /** Called after every call of a step's logic. */
  readonly onCall?: RunObserver["callEnded"];
  /** Called after every write of a function. */
  readonly onWrite?: RunObserver["wrote"];
  /** The one fault to inject. */
  readonly disturbance?: Disturbance;
}

/** The result of a run. */
export interface TestRun {
  /** Undefined when no Workflow ran: the trigger is gone or being deleted. */
  readonly outcome: Outcome<unknown> | undefined;
  /** Writes that changed objects other than the trigger. */
  readonly actions: readonly TestedAction[];
}

const SIGNAL = new AbortController().signal;
const RESYNC_MS = 1_200_000;
const LEASE_MS = 10_000;
const MAX_OBJECTS = 100_000;

/** Keeps only the error of a bug. */
function logOf(onError: (error: unknown) => void): Logger {
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: ({ error }) => onError(error),
    with: () => log,
  };
  return log;
}

export class TestCluster {
  /** All requests of workers, in order. */
  readonly requests: ClusterRequest[] = [];
  readonly #options: TestClusterOptions;
  readonly #clock = new ManualClock();
  readonly #cluster: MemoryCluster;
  /** State that outlives a worker. */
  readonly #state: Pick<WorkerPorts, "index" | "lock" | "ledger">;
  readonly #recorded: RecordingStore;
  readonly #key: KeyText;
  #reconciler: Reconciler;
  #lease = newLease();
  #crash: () => void = () => undefined;
  #outcome: Outcome<unknown> | undefined;
  #ended: EndedRun | undefined;
  #bug: unknown;
  #runs = 0;

  constructor(options: TestClusterOptions) {
    this.#options = options;
    const clock = this.#clock;
    this.#cluster = new MemoryCluster({ clock, types: options.types, collectsGarbage: true });
    const keyOf = ({ type, namespace, name }: ObjectRef) =>
      formatKey({ cluster: this.#cluster.cluster, group: type.group, kind: type.kind, namespace, name });
    this.#key = keyOf(this.#refOf(options.trigger));
    this.#recorded = new RecordingStore(this.#cluster, (ref) => keyOf(ref) === this.#key);
    this.#state = {
      index: new MemoryObjectIndex(),
      lock: new MemoryObjectLock(clock),
      ledger: new MemoryWatchLedger(),
    };
    void this.#state.index.sayWhole(""); // the test has only one trigger
    this.#reconciler = this.#newWorker();
  }

  /** A worker without memory of earlier ones. */
  #newWorker(): Reconciler {
    const options = this.#options;
    const fate = { crash: () => this.#crash(), loseLease: () => this.#lease.lose() };
    const definitions = { catalog: () => options.catalog, catchUp: () => Promise.resolve() };
    return new Reconciler(
      {
        store: new DisturbedStore(this.#recorded, this.requests, fate, options.disturbance),
        clock: this.#clock,
        log: logOf((error) => (this.#bug = error)),
        queue: { enqueue: () => Promise.resolve() },
        events: { emit: () => undefined },
        ...this.#state,
      },
      definitions,
      new MemoryDefinitionRegistry(),
      {
        resyncIntervalMs: RESYNC_MS,
        observer: {
          workflowEnded: ({ outcome }) => {
            this.#outcome = outcome;
          },
          runEnded: (_run, ended) => {
            this.#ended = ended;
          },
          callEnded: (call) => options.onCall?.(call),
          wrote: (...written) => options.onWrite?.(...written),
        },
      },
    );
  }

  /**
   * Acts as somebody other than Koreo: creates an object, or merges it over the present one, including `status`.
   *
   * @throws Error in the server's words when it refuses
   */
  async apply(object: JsonObject): Promise<void> {
    const ref = this.#refOf(nameOf(object));
    const created = await this.#cluster.create(ref, object, SIGNAL);
    if (created.kind === "fault" && created.fault.kind !== "alreadyExists") throw new Error(created.fault.detail);
    const { status, ...content } = object;
    if (created.kind === "fault") demand(await this.#cluster.patch(ref, ref.type.hasStatus ? content : object, SIGNAL));
    if (status !== undefined && ref.type.hasStatus) {
      demand(await this.#cluster.patch(ref, { status }, SIGNAL, "status"));
    }
  }

  /** Acts as somebody else: deletes an object and what it owns. @throws Error when it does not exist */
  async delete(name: ObjectName): Promise<void> {
    const ref = this.#refOf(name);
    const found = await this.#cluster.get(ref, SIGNAL);
    const uid = textMember(demand(found)["metadata"], "uid");
    demand(await this.#cluster.delete(ref, { uid, propagationPolicy: "Background" }, SIGNAL));
  }

  async find(name: ObjectName): Promise<JsonObject | undefined> {
    const found = await this.#cluster.get(this.#refOf(name), SIGNAL);
    return found.kind === "ok" ? found.value : undefined;
  }

  advance(seconds: number): Promise<void> {
    return this.#clock.advance(seconds * 1000);
  }

  #isDone(): boolean {
    return this.#ended?.report === "done";
  }

  /** All present objects of all kinds. */
  async objects(): Promise<readonly JsonObject[]> {
    const pages = this.#options.types.map(async (type) => {
      const listed = demand(await this.#cluster.list(type, { limit: MAX_OBJECTS }, SIGNAL));
      const { group, version, kind } = type;
      return listed.items.map((item) => ({ ...item, apiVersion: formatApiVersion({ group, version }), kind }));
    });
    return (await Promise.all(pages)).flat();
  }

  /** Runs the trigger's key once; waits inside the run take no real time. @throws Error when the run fails */
  async run(): Promise<TestRun> {
    if (await this.tryRun()) return this.takeRuns();
    const bug = this.#bug instanceof Error ? `: ${this.#bug.message}` : "";
    throw new Error(`the run could not be made (${this.#ended?.outcome ?? "it did not end"}${bug})`);
  }

  /** What the runs did since the last call, with the outcome of the last run. */
  takeRuns(): TestRun {
    return { outcome: this.#outcome, actions: this.#recorded.takeActions() };
  }

  /** @returns whether the run came to its end; a worker that crashed has been replaced by a new one */
  async tryRun(): Promise<boolean> {
    this.#outcome = undefined;
    this.#ended = undefined;
    this.#runs += 1;
    const lease = (this.#lease = newLease());
    const key = { key: this.#key, fence: this.#runs, workClass: 1, waitedMs: 0, causes: [], failures: 0 } as const;
    const run = { ...key, leaseLeftMs: () => lease.leftMs, signal: lease.signal };
    const crashed = new Promise<"crashed">((resolve) => (this.#crash = () => resolve("crashed")));
    const ended = await this.#clock.drive(Promise.race([this.#reconciler.reconcile(run), crashed]));
    if (ended === "crashed") this.#reconciler = this.#newWorker();
    return ended !== "crashed" && this.#isDone();
  }

  /** @throws Error for a kind that nothing makes: a typo would otherwise look like an object that does not exist */
  #refOf({ apiVersion, kind, namespace, name }: ObjectName): ObjectRef {
    const { group, version } = parseApiVersion(apiVersion);
    const { types, trigger } = this.#options;
    const type = types.find((each) => each.group === group && each.kind === kind && each.version === version);
    if (type === undefined) {
      throw new Error(
        `nothing here is of kind ${kind} (${apiVersion}): no function, object or CustomResourceDefinition`,
      );
    }
    return { type, namespace: type.namespaced ? namespace || trigger.namespace || "default" : "", name };
  }
}

function newLease() {
  const stop = new AbortController();
  const lease = {
    leftMs: LEASE_MS,
    signal: stop.signal,
    lose: () => {
      lease.leftMs = 0;
      stop.abort("lease-lost");
    },
  };
  return lease;
}

function demand<T>(result: ClusterResult<T>): T {
  if (result.kind === "ok") return result.value;
  throw new Error(result.fault.detail);
}
