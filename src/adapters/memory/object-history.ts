/**
 * What happened to the objects of a memory cluster, in order: the source of its watches. Bounded like etcd's history: a
 * watch that asks for older changes is told that they are gone and must list.
 */
import type { JsonObject } from "../../core/json.ts";
import type { GroupKind } from "../../core/object-key.ts";

export interface Change extends GroupKind {
  readonly type: "added" | "modified" | "deleted";
  readonly object: JsonObject;
  /** Position in the history; the object carries it as its resourceVersion. */
  readonly at: number;
}

export class ObjectHistory {
  readonly #maxChanges: number;
  #changes: Change[] = [];
  #last = 0;
  /** Rises with every cut of the streams. */
  #cuts = 0;
  readonly #listeners = new Set<() => void>();

  constructor(maxChanges: number) {
    this.#maxChanges = maxChanges;
  }

  /** The newest position. */
  get position(): number {
    return this.#last;
  }

  get cutCount(): number {
    return this.#cuts;
  }

  /** The position of the next change, which its object carries as resourceVersion. */
  next(): number {
    return this.#last + 1;
  }

  append(change: Omit<Change, "at">): void {
    this.#last += 1;
    this.#changes.push({ ...change, at: this.#last });
    // Trimmed in halves, so that appending stays cheap.
    if (this.#changes.length > 2 * this.#maxChanges) this.#changes = this.#changes.slice(-this.#maxChanges);
    this.wakeAll();
  }

  /** Changes after a position, or undefined when some of them are forgotten. */
  since(position: number): readonly Change[] | undefined {
    const oldest = this.#changes[0]?.at ?? this.#last + 1;
    return position < oldest - 1 ? undefined : this.#changes.slice(position - oldest + 1);
  }

  /** Forgets all changes, as etcd's compaction does. */
  compact(): void {
    this.#changes = [];
  }

  /** Ends every stream, as a lost connection does. */
  cut(): void {
    this.#cuts += 1;
    this.wakeAll();
  }

  /** Wakes whoever waits, without a change: something else may have become different. */
  wakeAll(): void {
    const woken = [...this.#listeners];
    this.#listeners.clear();
    for (const wake of woken) wake();
  }

  /** Resolves at the next change, cut or abort. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#listeners.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#listeners.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
