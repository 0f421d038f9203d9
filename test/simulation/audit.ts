/** Every version of every object of a simulated cluster, as its watches tell them: for stale answers, and for judging. */
import type { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { formatKey, type KeyText } from "../../src/core/object-key.ts";
import type { ClusterResult, ResourceType } from "../../src/engine/ports/object-store.ts";

interface Seen {
  /** Newest last; null: it did not exist. */
  readonly versions: (JsonObject | null)[];
  /** Whether any process has heard of the newest. */
  isTold: boolean;
}

export class Audit {
  readonly #cluster: MemoryCluster;
  readonly #seen = new Map<KeyText, Seen>();
  readonly #names = new Map<string, string>();

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }

  /** Follows these kinds for ever. */
  follow(types: readonly ResourceType[]): void {
    for (const type of types) {
      const note = (object: JsonObject, isGone: boolean) => this.#note(type, object, isGone);
      void this.#cluster.watch(
        { type, metadataOnly: false },
        {
          onList: (objects) => objects.forEach((object) => note(object, false)),
          onEvent: (kind, object) => note(object, kind === "deleted"),
          onState: () => undefined,
        },
        new AbortController().signal,
      );
    }
  }

  /** What stands there now; undefined for nothing. */
  current(key: KeyText): JsonObject | undefined {
    return this.#seen.get(key)?.versions.at(-1) ?? undefined;
  }

  versionOf(key: KeyText): string {
    return versionIn(this.current(key) ?? null);
  }

  /** Some process has heard of this state of the object. */
  told(key: KeyText, object: JsonObject | null): void {
    const seen = this.#seen.get(key);
    if (seen !== undefined && sameVersion(seen.versions.at(-1), object)) seen.isTold = true;
  }

  /**
   * The answer of a read that is one version behind. Undefined where there is none, and where a process has heard of the
   * newest: reads go to the quorum, so none is older than an event or an answer that came before it.
   */
  versionBefore(key: KeyText): ClusterResult<JsonObject> | undefined {
    const seen = this.#seen.get(key);
    if (seen === undefined || seen.isTold) return undefined;
    const { versions } = seen;
    const before = versions.at(-2) ?? null;
    if (before === null) return { kind: "fault", fault: { kind: "notFound", detail: `${key} not found` } };
    return { kind: "ok", value: before };
  }

  /** Everything that exists. */
  objects(): ReadonlyMap<KeyText, JsonObject> {
    const living = [...this.#seen].flatMap(([key, { versions }]) => {
      const last = versions.at(-1);
      return last === undefined || last === null ? [] : [[key, last] as const];
    });
    return new Map(living);
  }

  /** The name of the object that has or had this uid. */
  nameOfUid(uid: string): string | undefined {
    return this.#names.get(uid);
  }

  #note(type: ResourceType, object: JsonObject, isGone: boolean): void {
    const metadata = member(object, "metadata");
    const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const key = formatKey({ cluster: this.#cluster.cluster, group: type.group, kind: type.kind, ...place });
    const seen = this.#seen.get(key) ?? { versions: [], isTold: false };
    seen.versions.push(isGone ? null : object);
    seen.isTold = false;
    this.#seen.set(key, seen);
    this.#names.set(uidOf(object), `${type.kind}/${place.name}`);
  }
}

/** Of metadata alone, too: what watches of managed kinds tell. */
function sameVersion(newest: JsonObject | null | undefined, told: JsonObject | null): boolean {
  if (newest === undefined) return false;
  return versionIn(newest) === versionIn(told);
}

function versionIn(object: JsonObject | null): string {
  return textMember(member(object ?? undefined, "metadata"), "resourceVersion");
}

export function uidOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "uid");
}
