/** Lists of a memory cluster in pages: every page shows the state at the moment of the first one. */
import { member, type JsonObject } from "../../core/json.ts";
import type { ClusterResult, ObjectPage, ObjectStore } from "../../engine/ports/object-store.ts";
import { matchesSelector } from "./object-selector.ts";

type ListOptions = Parameters<ObjectStore["list"]>[1];

interface Rest {
  readonly objects: readonly JsonObject[];
  readonly resourceVersion: string;
}

/** How many unfinished lists are kept; older tokens have expired. */
const MAX_OPEN_LISTS = 100;

export class ObjectPages {
  readonly #rests = new Map<string, Rest>();
  #tokens = 0;

  first(objects: readonly JsonObject[], resourceVersion: string, options: ListOptions): ClusterResult<ObjectPage> {
    const selector = options.labelSelector ?? "";
    const verdicts = objects.map((object) => matchesSelector(object, selector));
    if (verdicts.includes(undefined)) {
      return {
        kind: "fault",
        fault: { kind: "invalid", detail: `unable to parse labelSelector "${selector}"`, status: 400 },
      };
    }
    const selected = objects.filter((_object, index) => verdicts[index] === true);
    const shown = options.metadataOnly === true ? selected.map(metadataOf) : selected;
    return this.#page({ objects: shown, resourceVersion }, options.limit);
  }

  next(token: string, limit: number | undefined): ClusterResult<ObjectPage> {
    const rest = this.#rests.get(token);
    if (rest === undefined)
      return { kind: "fault", fault: { kind: "expired", detail: "the continue token has expired" } };
    this.#rests.delete(token);
    return this.#page(rest, limit);
  }

  /** Makes all tokens handed out so far worthless. */
  expire(): void {
    this.#rests.clear();
  }

  #page(rest: Rest, limit: number | undefined): ClusterResult<ObjectPage> {
    const { objects, resourceVersion } = rest;
    const size = limit === undefined || limit === 0 ? objects.length : limit;
    if (objects.length <= size) return { kind: "ok", value: { items: objects, resourceVersion } };
    this.#tokens += 1;
    const continueToken = `page-${this.#tokens}`;
    this.#rests.set(continueToken, { objects: objects.slice(size), resourceVersion });
    const [oldest] = this.#rests.keys();
    if (this.#rests.size > MAX_OPEN_LISTS && oldest !== undefined) this.#rests.delete(oldest);
    return { kind: "ok", value: { items: objects.slice(0, size), resourceVersion, continueToken } };
  }
}

/** What a metadata-only list or watch shows of an object. */
export function metadataOf(object: JsonObject): JsonObject {
  const { apiVersion = "", kind = "" } = object;
  return { apiVersion, kind, metadata: member(object, "metadata") ?? {} };
}
