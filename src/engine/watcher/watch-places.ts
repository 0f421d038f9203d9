/**
 * Where the objects of one kind are to be watched: the whole cluster if our identity may, else those namespaces that
 * matter where it may. An allowed namespace is believed for some minutes, unless a stream is refused there meanwhile.
 */
import { type KindText, parseKey } from "../../core/object-key.ts";
import type { ClusterResult, ResourceType } from "../ports/object-store.ts";
import type { UnwatchedPlaces } from "../ports/watch-ledger.ts";
import type { Scope } from "./plan-spread.ts";
import { untilReached } from "./until-reached.ts";
import type { WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

/** The scopes in which to watch a kind, each on its own, and the places where nobody can. */
export interface Places {
  readonly scopes: readonly Scope[];
  readonly unwatched: UnwatchedPlaces;
}

/** An answer is believed for half to all of this, so that not all of many namespaces are asked for again at once. */
const BELIEVED_MS = 300_000;

/** What the objects of the kind are to us. */
export interface PlacedKind {
  readonly slot: KindText;
  readonly isManaged: boolean;
}

export class WatchPlaces {
  readonly #kind: PlacedKind;
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  /** Namespace -> until when (monotonic) it is believed to be allowed. */
  readonly #allowed = new Map<string, number>();

  constructor(kind: PlacedKind, ports: WatcherPorts, options: WatcherOptions) {
    this.#kind = kind;
    this.#ports = ports;
    this.#options = options;
  }

  /** Waits while the shared state does not answer: watches stay as they are, and nothing is reported as unwatched. */
  async find(type: ResourceType, signal: AbortSignal): Promise<ClusterResult<Places>> {
    const { triggerNamespaces } = this.#options;
    // Triggers count in these namespaces only; managed objects may be anywhere.
    if (!this.#kind.isManaged && triggerNamespaces !== "all" && type.namespaced)
      return { kind: "ok", value: { scopes: triggerNamespaces, unwatched: {} } };
    let wanted: readonly string[] = [];
    const toAsk = async () => {
      wanted = await this.#namespaces(signal);
      this.#forgetOthers(wanted);
      return wanted.filter((namespace) => !this.#allowed.has(namespace));
    };
    const asked = await this.#ports.access.watchScopeFor(type, toAsk, signal);
    if (asked.kind === "fault") return asked;
    if (asked.value.kind === "cluster") {
      this.#allowed.clear();
      return { kind: "ok", value: { scopes: [undefined], unwatched: {} } };
    }
    if (asked.value.kind === "namespaces") for (const namespace of asked.value.namespaces) this.#believe(namespace);
    return { kind: "ok", value: this.#placesOf(wanted, asked.value.missing) };
  }

  /** A stream was refused there: access to that namespace must be asked for again. */
  doubt(scope: Scope): void {
    if (scope !== undefined) this.#allowed.delete(scope);
  }

  #placesOf(wanted: readonly string[], missing: string): Places {
    const scopes = wanted.filter((namespace) => this.#allowed.has(namespace));
    if (scopes.length === 0) return { scopes, unwatched: { "": missing } };
    const denied = wanted.filter((namespace) => !this.#allowed.has(namespace));
    return { scopes, unwatched: Object.fromEntries(denied.map((namespace) => [namespace, missing])) };
  }

  #believe(namespace: string): void {
    const { clock } = this.#ports;
    this.#allowed.set(namespace, clock.nowMs() + BELIEVED_MS * (0.5 + clock.random() / 2));
  }

  #forgetOthers(wanted: readonly string[]): void {
    const names = new Set(wanted);
    const nowMs = this.#ports.clock.nowMs();
    for (const [namespace, untilMs] of this.#allowed)
      if (untilMs <= nowMs || !names.has(namespace)) this.#allowed.delete(namespace);
  }

  /** The namespaces worth watching, in order: those of triggers, and those of indexed objects. */
  async #namespaces(signal: AbortSignal): Promise<readonly string[]> {
    const { index } = this.#ports;
    const { triggerNamespaces } = this.#options;
    const configured = triggerNamespaces === "all" ? [] : triggerNamespaces;
    const read = () => index.objectsOfKind(this.#kind.slot);
    const named = (await untilReached(read, "reading the index", this.#ports, signal)) ?? [];
    const namespaces = new Set(configured);
    for (const object of named) namespaces.add(parseKey(object)?.namespace ?? "");
    namespaces.delete("");
    return [...namespaces].sort();
  }
}
