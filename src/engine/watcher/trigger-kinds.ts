/**
 * The kinds whose triggers we must come back for, whatever becomes of their Workflows: kept in a ConfigMap beside the
 * definitions, one key each per installation. An entry is written before the first trigger of a kind is woken, so before one can carry
 * anything of ours. It is removed once no Workflow names the kind, and a list shows no trigger with a record of ours or
 * nothing declares the kind any more.
 */
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../../core/json.ts";
import { TRIGGER_KINDS_NAME } from "../../core/names.ts";
import type { GroupKind, GroupVersionKind } from "../../core/object-key.ts";
import type { ClusterFault, ObjectRef, ObjectStore } from "../ports/object-store.ts";

const CONFIG_MAP = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  hasStatus: false,
  watchable: true,
} as const;

const RELOAD_MS = 30_000;

export class TriggerKinds {
  readonly #store: ObjectStore;
  readonly #ref: ObjectRef;
  /** Where entries begin: installations that share a namespace must not take out what another one comes back for. */
  readonly #prefix: string;
  #kinds = new Map<string, GroupVersionKind>();
  /** Kinds that could not be taken out: that is tried again after the next reading. */
  readonly #stuck = new Set<string>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #isKnown = false;

  /**
   * @param namespace - where the ConfigMap is
   * @param installation - whose kinds; absent: those of all, for reading alone
   */
  constructor(store: ObjectStore, namespace: string, installation?: string) {
    this.#store = store;
    this.#prefix = installation === undefined ? "" : `${installation}_`;
    this.#ref = { type: CONFIG_MAP, namespace, name: TRIGGER_KINDS_NAME };
  }

  /** Whether the entries that were there before us have been read. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** All kinds, as last read or written. */
  get all(): readonly GroupVersionKind[] {
    return [...this.#kinds.values()];
  }

  has(kind: GroupKind): boolean {
    return this.#kinds.has(this.#nameOf(kind));
  }

  /** Whether other watchers may have written something since it was read. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.#loadedMs < RELOAD_MS) return false;
    this.#loadedMs = nowMs;
    return true;
  }

  /** Reads what other watchers, now or before us, have written. @returns why it could not be read */
  async load(signal: AbortSignal): Promise<ClusterFault | undefined> {
    this.#stuck.clear();
    const read = await this.#store.get(this.#ref, signal);
    if (read.kind === "fault" && read.fault.kind !== "notFound") return read.fault;
    const data = read.kind === "ok" ? member(read.value, "data") : undefined;
    this.#kinds = new Map(
      Object.entries(isJsonObject(data) ? data : {}).flatMap(([name, text]) => {
        const kind = name.startsWith(this.#prefix) ? parsed(text) : undefined;
        return kind === undefined ? [] : [[name, kind] as const];
      }),
    );
    this.#isKnown = true;
    return undefined;
  }

  /**
   * Writes an entry; must succeed before a trigger of the kind is woken. Updates the version of an entry that is there:
   * the API server may no longer serve the earlier one.
   *
   * @returns why it could not be written
   */
  async remember(kind: GroupVersionKind, signal: AbortSignal): Promise<ClusterFault | undefined> {
    const name = this.#nameOf(kind);
    if (this.#kinds.get(name)?.version === kind.version) return undefined;
    const { group, version } = kind;
    const data = { [name]: JSON.stringify({ group, version, kind: kind.kind }) };
    const fault = await this.#write(data, signal);
    if (fault === undefined) this.#kinds.set(name, kind);
    return fault;
  }

  /** @returns why it could not be taken out, once between two readings */
  async forget(kind: GroupKind, signal: AbortSignal): Promise<ClusterFault | undefined> {
    const name = this.#nameOf(kind);
    if (!this.#kinds.has(name) || this.#stuck.has(name)) return undefined;
    const fault = await this.#write({ [name]: null }, signal);
    if (fault === undefined) this.#kinds.delete(name);
    else this.#stuck.add(name);
    return fault;
  }

  /** Writes one key only, so that watchers never overwrite each other's. */
  async #write(data: JsonObject, signal: AbortSignal): Promise<ClusterFault | undefined> {
    const patched = await this.#store.patch(this.#ref, { data }, signal);
    if (patched.kind === "ok") return undefined;
    if (patched.fault.kind !== "notFound") return patched.fault;
    const { namespace, name } = this.#ref;
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data };
    const created = await this.#store.create(this.#ref, body, signal);
    if (created.kind === "ok") return undefined;
    return created.fault.kind === "alreadyExists" ? this.#write(data, signal) : created.fault;
  }

  #nameOf({ group, kind }: GroupKind): string {
    return `${this.#prefix}${kind}.${group === "" ? "core" : group}`;
  }
}

/** Ignores entries that are not in our format. */
function parsed(text: JsonValue | undefined): GroupVersionKind | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    const [group, version, kind] = ["group", "version", "kind"].map((name) => textMember(value, name));
    return kind === undefined || kind === "" ? undefined : { group: group ?? "", version: version ?? "", kind };
  } catch {
    return undefined;
  }
}
