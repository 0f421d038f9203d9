/**
 * The shared state with a span for every call that a run makes, named after the call: `koreo.index.name`. Calls outside
 * a run (watchers, heartbeats) have none. The wait for a lock is a span of the engine.
 */
import { SpanKind, type Attributes } from "@opentelemetry/api";
import type { DefinitionRegistry } from "../../engine/ports/definition-registry.ts";
import type { ObjectIndex } from "../../engine/ports/object-index.ts";
import type { ObjectLock } from "../../engine/ports/object-lock.ts";
import type { ReconcileQueue } from "../../engine/ports/reconcile-queue.ts";
import type { WatchLedger } from "../../engine/ports/watch-ledger.ts";
import { isTraced, withSpan } from "../../engine/telemetry.ts";

export interface TracedPorts {
  readonly index: ObjectIndex;
  readonly registry: DefinitionRegistry;
  readonly ledger: WatchLedger;
  readonly lock: ObjectLock;
  readonly queue: ReconcileQueue;
}

/** @param system - what answers, by its name in the database conventions; undefined: this process */
export function tracedState(ports: TracedPorts, system: "redis" | undefined): TracedPorts {
  const call = (port: string, operation: string) => {
    const attributes: Attributes = {
      "db.operation.name": `${port}.${operation}`,
      ...(system === undefined ? {} : { "db.system.name": system }),
    };
    return <T>(act: () => Promise<T>): Promise<T> =>
      isTraced() ? withSpan(`koreo.${port}.${operation}`, attributes, act, SpanKind.CLIENT) : act();
  };
  const { index, registry, ledger, lock, queue } = ports;
  const calls = {
    name: call("index", "name"),
    names: call("index", "names"),
    add: call("index", "add"),
    keep: call("index", "keep"),
    triggersOf: call("index", "triggersOf"),
    objectsOf: call("index", "objectsOf"),
    isWhole: call("index", "isWhole"),
    drop: call("index", "drop"),
    version: call("registry", "version"),
    read: call("registry", "read"),
    unwatched: call("ledger", "unwatched"),
    release: call("lock", "release"),
    enqueue: call("queue", "enqueue"),
  };
  return {
    index: instead(index, {
      name: (run) => calls.name(() => index.name(run)),
      names: (trigger, object) => calls.names(() => index.names(trigger, object)),
      add: (entries) => calls.add(() => index.add(entries)),
      keep: (trigger, objects, fence) => calls.keep(() => index.keep(trigger, objects, fence)),
      triggersOf: (objects) => calls.triggersOf(() => index.triggersOf(objects)),
      objectsOf: (trigger) => calls.objectsOf(() => index.objectsOf(trigger)),
      isWhole: () => calls.isWhole(() => index.isWhole()),
      drop: (trigger, objects, fence) => calls.drop(() => index.drop(trigger, objects, fence)),
    }),
    registry: instead(registry, {
      version: () => calls.version(() => registry.version()),
      read: () => calls.read(() => registry.read()),
    }),
    ledger: instead(ledger, { unwatched: () => calls.unwatched(() => ledger.unwatched()) }),
    lock: instead(lock, { release: (object, trigger) => calls.release(() => lock.release(object, trigger)) }),
    queue: instead(queue, { enqueue: (wakeUps) => calls.enqueue(() => queue.enqueue(wakeUps)) }),
  };
}

/** A port with some methods replaced; the others stay those of the object, which may keep private state. */
function instead<P extends object>(port: P, replaced: Partial<P>): P {
  return new Proxy(port, {
    get: (target, name) => {
      const own = (replaced as Record<PropertyKey, unknown>)[name];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
