/**
 * The cluster of a WorkflowTest: a memory cluster, a clock that only moves when it must, and the worker's own reconciler
 * on them. What runs here is what runs in production, less the queue and the watches: a case says when.
 */
import { MemoryDefinitionRegistry } from "../../adapters/memory/definition-registry.ts";
import { ManualClock } from "../../adapters/memory/manual-clock.ts";
import { MemoryObjectIndex } from "../../adapters/memory/object-index.ts";
import { MemoryObjectLock } from "../../adapters/memory/object-lock.ts";
import { MemoryCluster } from "../../adapters/memory/object-store.ts";
import { MemoryWatchLedger } from "../../adapters/memory/watch-ledger.ts";
import { textMember, type JsonObject } from "../../core/json.ts";
import { formatKey, parseApiVersion, type KeyText } from "../../core/object-key.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { nameOf, type ObjectName, type TestedAction } from "../../core/workflow-test/prepare.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ClusterResult, ObjectRef, ResourceType } from "../../engine/ports/object-store.ts";
import { Reconciler } from "../../engine/reconcile.ts";
import type { EndedRun, RunObserver } from "../../engine/run-context.ts";
import { RecordingStore } from "./recording-store.ts";

export interface TestClusterOptions {
  readonly types: readonly ResourceType[];
  readonly catalog: Catalog;
  readonly trigger: ObjectName;
  /** Told of every call of a step's logic. */
  readonly onCall?: RunObserver["callEnded"];
  /** Told of every write of a function. */
  readonly onWrite?: RunObserver["wrote"];
}

/** What a run did. */
export interface TestRun {
  /** Undefined when no Workflow ran: the trigger is gone, or on its way out. */
  readonly outcome: Outcome<unknown> | undefined;
  /** Writes to other objects than the trigger that changed something. */
  readonly actions: readonly TestedAction[];
}

const SIGNAL = new AbortController().signal;
const RESYNC_MS = 1_200_000;
const LEASE_MS = 10_000;

/** Keeps the error of a bug, and nothing else. */
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
  readonly #options: TestClusterOptions;
  readonly #clock = new ManualClock();
  readonly #cluster: MemoryCluster;
  readonly #reconciler: Reconciler;
  readonly #recorded: RecordingStore;
  readonly #key: KeyText;
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
    const state = {
      index: new MemoryObjectIndex(),
      lock: new MemoryObjectLock(clock),
      ledger: new MemoryWatchLedger(),
    };
    const definitions = { catalog: () => options.catalog, catchUp: () => Promise.resolve() };
    this.#reconciler = new Reconciler(
      {
        store: this.#recorded,
        clock,
        log: logOf((error) => (this.#bug = error)),
        queue: { enqueue: () => Promise.resolve() },
        events: { emit: () => undefined },
        ...state,
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
   * Creates an object, or merges it over what is there, `status` too: as somebody else than Koreo.
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

  /** Deletes an object as somebody else, and what it owns. @throws Error when it is not there */
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

  /** Runs the trigger's key once; waits that the run itself does take no real time. @throws Error when it cannot be run */
  async run(): Promise<TestRun> {
    this.#outcome = undefined;
    this.#runs += 1;
    const key = { key: this.#key, fence: this.#runs, workClass: 1, waitedMs: 0, causes: [], failures: 0 } as const;
    await this.#clock.drive(this.#reconciler.reconcile({ ...key, leaseLeftMs: () => LEASE_MS, signal: SIGNAL }));
    if (this.#ended?.report !== "done") {
      const bug = this.#bug instanceof Error ? `: ${this.#bug.message}` : "";
      throw new Error(`the run could not be made (${this.#ended?.outcome ?? "it did not end"}${bug})`);
    }
    return { outcome: this.#outcome, actions: this.#recorded.takeActions() };
  }

  /** @throws Error for a kind that nobody makes: a slip of the pen would pass as an object that is not there */
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

function demand<T>(result: ClusterResult<T>): T {
  if (result.kind === "ok") return result.value;
  throw new Error(result.fault.detail);
}
