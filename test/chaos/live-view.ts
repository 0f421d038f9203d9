/** Watches every kind of the run over a connection that no fault touches, to see the moment a key has reconciled. */
import type { Reflector } from "../../src/adapters/kubernetes/reflector.ts";
import { WATCH_TIMING } from "../../src/adapters/kubernetes/watch-timing.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import type { Found } from "./judge.ts";
import { placeOf } from "./kinds.ts";

/** The observer comes back at once, so that what is measured is the cluster and not the observer. */
export const OBSERVER_TIMING = { ...WATCH_TIMING, listIntervalMs: 500, maxRetryMs: 200, relistSpreadMs: 1 };

export class LiveView {
  readonly #objects = new Map<string, Found>();
  readonly #ended = new AbortController();

  /** Resolves after the first list of every kind. */
  async open(informers: Reflector, types: readonly ResourceType[]): Promise<void> {
    await Promise.all(types.map((type) => this.#watch(informers, type)));
  }

  /** Objects by place, as last seen; changes under the caller's hands. */
  get found(): ReadonlyMap<string, Found> {
    return this.#objects;
  }

  close(): void {
    this.#ended.abort();
  }

  #watch(informers: Reflector, type: ResourceType): Promise<void> {
    const place = (object: JsonObject) => {
      const metadata = member(object, "metadata");
      return placeOf(type, textMember(metadata, "namespace"), textMember(metadata, "name"));
    };
    return new Promise((resolve) => {
      const handler = {
        onList: (objects: readonly JsonObject[]) => {
          const there = new Set(objects.map(place));
          for (const [known, each] of this.#objects)
            if (each.type === type && !there.has(known)) this.#objects.delete(known);
          for (const object of objects) this.#objects.set(place(object), { type, object });
          resolve();
        },
        onEvent: (kind: string, object: JsonObject) => {
          if (kind === "deleted") this.#objects.delete(place(object));
          else this.#objects.set(place(object), { type, object });
        },
        onState: () => undefined,
      };
      void informers.watch({ type, metadataOnly: false }, handler, this.#ended.signal);
    });
  }
}
