/**
 * Watches the objects of one kind on a real cluster and answers "when did it become so": used by the demo, the benchmarks
 * and the e2e suite, which all wait for conditions instead of polling for them.
 */
import { member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import type { Informers, WatchScope } from "../../src/engine/ports/informer.ts";

/** What a trigger's Ready condition says. */
export interface Readiness {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Whether it speaks of the trigger's current spec. */
  readonly isCurrent: boolean;
}

/** One change of a Ready condition as it was seen. */
export interface BoardChange {
  readonly name: string;
  readonly readiness: Readiness;
  /** Milliseconds since the board was opened. */
  readonly atMs: number;
}

/** Objects of one kind in one namespace, as last seen. */
export class ObjectBoard {
  readonly #objects = new Map<string, JsonObject>();
  readonly #waiting = new Set<() => void>();
  readonly #onChange: (change: BoardChange) => void;
  readonly #startedMs = performance.now();
  readonly #closed = new AbortController();

  /** @param onChange - told when the text of a Ready condition changes */
  constructor(onChange: (change: BoardChange) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Starts watching; resolves after the first list. */
  open(informers: Informers, scope: WatchScope): Promise<void> {
    return new Promise((resolve) => {
      const handler = {
        onList: (objects: readonly JsonObject[]) => {
          const names = new Set(objects.map(nameOf));
          for (const name of this.#objects.keys()) if (!names.has(name)) this.#objects.delete(name);
          for (const object of objects) this.#set(object);
          resolve();
        },
        onEvent: (type: string, object: JsonObject) => {
          if (type === "deleted") this.#objects.delete(nameOf(object));
          else this.#set(object);
          this.#wake();
        },
        onState: () => undefined,
      };
      void informers.watch(scope, handler, this.#closed.signal);
    });
  }

  /** Milliseconds since the board was made. */
  elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  get(name: string): JsonObject | undefined {
    return this.#objects.get(name);
  }

  /** Resolves with the elapsed milliseconds once `holds`; rejects after `deadlineMs` saying what is still not so. */
  async until(what: string, deadlineMs: number, holds: (board: ObjectBoard) => boolean): Promise<number> {
    const endMs = performance.now() + deadlineMs;
    while (!holds(this)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`${what} did not happen within ${deadlineMs / 1000} s. ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, leftMs);
        this.#waiting.add(wake);
      });
    }
    return this.elapsedMs();
  }

  close(): void {
    this.#closed.abort();
  }

  #set(object: JsonObject): void {
    const name = nameOf(object);
    const before = readinessOf(this.#objects.get(name));
    this.#objects.set(name, object);
    const readiness = readinessOf(object);
    if (readiness !== undefined && JSON.stringify(readiness) !== JSON.stringify(before)) {
      this.#onChange({ name, readiness, atMs: this.elapsedMs() });
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #describe(): string {
    const lines = [...this.#objects].map(([name, object]) => {
      const ready = readinessOf(object);
      return `${name}: ${ready === undefined ? "no Ready condition" : `${ready.status} ${ready.reason} ${ready.message}`}`;
    });
    return lines.join("; ");
  }
}

/** The Ready condition, if there is one. */
export function readinessOf(object: JsonObject | undefined): Readiness | undefined {
  if (object === undefined) return undefined;
  const conditions = memberAt(object, ["status", "conditions"]);
  if (!Array.isArray(conditions)) return undefined;
  const ready = (conditions as readonly JsonObject[]).find((each) => textMember(each, "type") === "Ready");
  if (ready === undefined) return undefined;
  const generation = member(member(object, "metadata"), "generation");
  const observed = member(ready, "observedGeneration") ?? memberAt(object, ["status", "observedGeneration"]);
  return {
    status: textMember(ready, "status"),
    reason: textMember(ready, "reason"),
    message: textMember(ready, "message"),
    isCurrent: observed === undefined || observed === generation,
  };
}

/** Whether a trigger is Ready for its current spec. */
export function isTriggerReady(object: JsonObject | undefined): boolean {
  const ready = readinessOf(object);
  return ready !== undefined && ready.status === "True" && ready.isCurrent;
}

function nameOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "name");
}
