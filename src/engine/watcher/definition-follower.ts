/**
 * Handles an edited definition: first it records the hash in the registry, so that no worker runs a woken key on the
 * older definition; then it wakes the definition's own key, whose run writes on the definition whether it compiles.
 * Every watcher does the first; the owner of the definitions' slot does the second.
 */
import { contentHash } from "../../core/hash.ts";
import { KOREO_GROUP } from "../../core/names.ts";
import { formatKey, formatKind, type KeyText, type KindText } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import type { DefinitionEntry } from "../../core/plan/definition-entry.ts";
import { definitionHashes } from "../definitions.ts";
import type { Cause } from "../ports/reconcile-queue.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { untilReached } from "./until-reached.ts";
import type { WatcherPorts } from "./watcher-ports.ts";

/** The slot of all definitions together; no kind has this name. */
export function definitionsSlot(cluster: string): KindText {
  return formatKind({ cluster, group: KOREO_GROUP, kind: "definitions" });
}

export class DefinitionFollower {
  readonly #ports: WatcherPorts;
  readonly #pending: PendingWakeUps;
  readonly #slot: KindText;
  /** What the registry has, as far as we know; undefined until it was read. */
  #recorded: Map<string, string> | undefined;
  #seen: Map<KeyText, string> | undefined;

  constructor(ports: WatcherPorts, pending: PendingWakeUps) {
    this.#ports = ports;
    this.#pending = pending;
    this.#slot = definitionsSlot(ports.store.cluster);
  }

  /** Forgets what was recorded and seen, so that everything is told again after the shared state was lost. */
  forget(): void {
    this.#recorded = undefined;
    this.#seen = undefined;
  }

  /** Records changed hashes in the registry; must have ended before dependents are woken. */
  async record(catalog: Catalog, signal: AbortSignal): Promise<void> {
    const { registry } = this.#ports;
    const hashes = definitionHashes(catalog);
    const recorded =
      this.#recorded ??
      (await untilReached(() => registry.read(), "reading the registry", this.#ports, signal))?.hashes;
    if (recorded === undefined) return;
    const changes = new Map<string, string | null>();
    for (const [id, hash] of hashes) if (recorded.get(id) !== hash) changes.set(id, hash);
    for (const id of recorded.keys()) if (!hashes.has(id)) changes.set(id, null);
    if (changes.size > 0) {
      const done = await untilReached(() => registry.record(changes), "writing the registry", this.#ports, signal);
      if (done === undefined) return;
    }
    this.#recorded = new Map(hashes);
  }

  /** Wakes the key of each definition whose verdict may differ from the one last woken for. For the slot's owner. */
  async wakeChanged(catalog: Catalog, signal: AbortSignal): Promise<void> {
    const read = () => this.#ports.ledger.seen(this.#slot);
    this.#seen ??= new Map(await untilReached(read, "reading the ledger", this.#ports, signal)) as Map<KeyText, string>;
    const seen = this.#seen;
    const gone = new Set(seen.keys());
    for (const entry of catalog.entries) {
      const key = this.#keyOf(entry);
      const text = verdictText(entry);
      gone.delete(key);
      if (seen.get(key) === text) continue;
      seen.set(key, text);
      const cause: Cause = { reason: "definition", object: key, atMs: this.#ports.clock.wallMs() };
      this.#pending.add({ key, workClass: 3, cause }, { seen: { slot: this.#slot, object: key, text } });
    }
    if (gone.size === 0) return;
    for (const key of gone) seen.delete(key);
    const forgotten = new Map([...gone].map((key) => [key as string, null]));
    await untilReached(
      () => this.#ports.ledger.record(this.#slot, forgotten, this.#pending.epoch),
      "writing the ledger",
      this.#ports,
      signal,
    );
  }

  /** Another watcher owns the slot now, and we do not see what it records. */
  release(): void {
    this.#seen = undefined;
  }

  #keyOf({ source: { kind, namespace, name } }: DefinitionEntry): KeyText {
    return formatKey({ cluster: this.#ports.store.cluster, group: KOREO_GROUP, kind, namespace, name });
  }
}

function verdictText({ source, planHash, readiness, faults }: DefinitionEntry): string {
  const verdict = contentHash([
    planHash,
    readiness?.message ?? "",
    ...faults.map(({ path, message }) => `${path} ${message}`),
  ]);
  return `${source.uid}:${source.generation}:${verdict}`;
}
