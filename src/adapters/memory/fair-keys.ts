/**
 * The waiting keys of one process in the order they are taken: classes share 16:4:1, within a class the clusters share
 * evenly, within a cluster its namespaces, within a namespace the key that waits longest is first.
 */
import { tenantOf, type KeyText } from "../../core/object-key.ts";
import type { TenantLoad, WorkClass } from "../../engine/ports/key-store.ts";
import { FairRing } from "./fair-ring.ts";
import { KeyHeap } from "./key-heap.ts";

const WEIGHTS: Readonly<Record<string, number>> = { 1: 16, 2: 4, 3: 1 };

type Namespace = KeyHeap; // ordered by when the wait began
type Cluster = FairRing<Namespace>;

/** Waiting keys; a key is in it at most once. */
export class FairKeys {
  readonly #classes = new FairRing<FairRing<Cluster>>(
    () => new FairRing(() => new FairRing(() => new KeyHeap())),
    (workClass) => WEIGHTS[workClass] ?? 1,
  );

  get isEmpty(): boolean {
    return this.#classes.size === 0;
  }

  put(key: KeyText, workClass: WorkClass, since: number): void {
    const { cluster, namespace } = placeOf(key);
    this.#classes.join(String(workClass)).join(cluster).join(namespace).put(key, since);
  }

  remove(key: KeyText, workClass: WorkClass): void {
    const { cluster, namespace } = placeOf(key);
    this.#classes.withdraw(String(workClass), (clusters) =>
      clusters.withdraw(cluster, (namespaces) => namespaces.withdraw(namespace, (keys) => void keys.delete(key))),
    );
  }

  /** The waiting keys by class and tenant; at most `maxTenants` tenants per class. */
  load(nowMs: number, maxTenants: number): readonly TenantLoad[] {
    return [...this.#classes.entries()].flatMap(([workClass, clusters]) =>
      [...clusters.entries()]
        .flatMap(([cluster, namespaces]) =>
          [...namespaces.entries()].map(([namespace, keys]) => ({
            workClass: Number(workClass) as WorkClass,
            cluster,
            namespace,
            waiting: keys.size,
            oldestMs: Math.max(0, nowMs - (keys.first()?.time ?? nowMs)),
          })),
        )
        .slice(0, maxTenants),
    );
  }

  /**
   * The next key to run, taken out.
   *
   * @param passed - tenants whose keys stay
   */
  pop(passed: ReadonlySet<string>): KeyText | undefined {
    const isServed = (cluster: string, namespace: string) => !passed.has(`${cluster}/${namespace}`);
    const hasServed = (namespaces: Cluster, cluster: string) =>
      [...namespaces.entries()].some(([namespace]) => isServed(cluster, namespace));
    return this.#classes.serve(
      (clusters) =>
        clusters.serve(
          (namespaces, cluster) =>
            namespaces.serve(
              (keys) => keys.pop(),
              (_keys, namespace) => isServed(cluster, namespace),
            ),
          hasServed,
        ),
      (clusters) => [...clusters.entries()].some(([cluster, namespaces]) => hasServed(namespaces, cluster)),
    );
  }
}

function placeOf(key: KeyText): { readonly cluster: string; readonly namespace: string } {
  const [cluster = "", namespace = ""] = tenantOf(key).split("/");
  return { cluster, namespace };
}
