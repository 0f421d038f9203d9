/**
 * Turns what happens to the triggers of one kind into wake-ups of their own keys. It keeps one short text per trigger, the
 * same that the ledger has, so that a new owner of the slot wakes only what changed meanwhile or was never seen; all other
 * keys get their next look somewhere in the resync interval.
 */
import { member, memberAt, textMember, type JsonObject } from "../../core/json.ts";
import { ANNOTATION } from "../../core/names.ts";
import { formatKey, parseKey, type GroupKind, type KeyText } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { parseInventory } from "../../core/resource/inventory.ts";
import { fnv1a64, type SlotId } from "../../core/slot.ts";
import type { IndexEntry } from "../ports/object-index.ts";
import type { WorkClass } from "../ports/key-store.ts";
import { ATTRIBUTE, currentTraceparent, SPAN, withSpanSync } from "../telemetry.ts";
import { triggerFingerprint, wakeForTrigger } from "../wake.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { untilReached } from "./until-reached.ts";
import type { WatcherOptions, WatcherPorts } from "./watcher-ports.ts";

export interface FollowedKind extends GroupKind {
  readonly slot: SlotId;
}

/** After a definition edit this many keys go at once, the others at this many per second: a canary and a pace. */
const SPREAD_AT_ONCE = 200;
const SPREAD_PER_SECOND = 200;
const INDEX_BATCH = 500;

export class TriggerFollower {
  readonly #kind: FollowedKind;
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  readonly #pending: PendingWakeUps;
  readonly #catalog: () => Catalog;
  /** What was last seen of each trigger, as in the ledger; undefined until that is read. */
  #seen: Map<KeyText, string> | undefined;
  /** Triggers whose annotation names a Workflow. */
  readonly #asked = new Map<KeyText, string>();
  #spreadPlan: string | undefined;

  constructor(
    kind: FollowedKind,
    ports: WatcherPorts,
    options: WatcherOptions,
    pending: PendingWakeUps,
    catalog: () => Catalog,
  ) {
    this.#kind = kind;
    this.#ports = ports;
    this.#options = options;
    this.#pending = pending;
    this.#catalog = catalog;
  }

  /**
   * @param objects - all triggers of the kind, or of one namespace
   * @param namespace - the namespace the list is of; absent: all
   */
  async onList(objects: readonly JsonObject[], namespace: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#rebuildIndex(objects, signal);
    const isTakeOver = this.#seen === undefined;
    const seen = this.#seen ?? (await this.#readLedger(signal));
    if (seen === undefined) return;
    this.#seen = seen;

    const missing = new Set([...seen.keys()].filter((key) => isIn(key, namespace)));
    const settled = new Set<KeyText>();
    for (const object of objects) {
      const key = this.#keyOf(object);
      missing.delete(key);
      if (this.#look(seen, key, object, "list")) continue;
      settled.add(key);
      if (isTakeOver) this.#spreadResync(key, object);
    }
    for (const key of missing) this.#gone(seen, key);
    await this.#followPlan(settled, signal);
  }

  onEvent(type: "added" | "modified" | "deleted", object: JsonObject): void {
    if (this.#seen === undefined) return; // a list comes first
    const key = this.#keyOf(object);
    if (type === "deleted") this.#gone(this.#seen, key);
    else this.#look(this.#seen, key, object, type);
  }

  /** Wakes, paced, every trigger whose plan is another than the one last spread. */
  async onDefinitions(signal: AbortSignal): Promise<void> {
    if (this.#seen === undefined) return;
    const woken = this.#followAskedPlans(this.#seen);
    await this.#followPlan(
      [...this.#seen.keys()].filter((key) => !woken.has(key)),
      signal,
    );
  }

  /** @returns whether the trigger was woken */
  #look(seen: Map<KeyText, string>, key: KeyText, object: JsonObject, how: "list" | "added" | "modified"): boolean {
    const asked = textMember(memberAt(object, ["metadata", "annotations"]), ANNOTATION.workflow);
    if (asked === "") this.#asked.delete(key);
    else this.#asked.set(key, asked);

    const text = withPlan(triggerFingerprint(object), this.#askedPlan(asked));
    const known = seen.get(key);
    if (known === text) return false;
    const wake = wakeForTrigger(known === undefined ? undefined : withoutPlan(known), object);
    const reason = wake?.reason ?? "definition";
    seen.set(key, text);
    this.#wake(key, wake === undefined ? 3 : urgency(object, how, known), reason, text);
    return true;
  }

  #gone(seen: Map<KeyText, string>, key: KeyText): void {
    seen.delete(key);
    this.#asked.delete(key);
    this.#wake(key, 1, "deleted", null);
  }

  #wake(key: KeyText, workClass: WorkClass, reason: string, text: string | null): void {
    withSpanSync(SPAN.watchEvent, { [ATTRIBUTE.key]: key, [ATTRIBUTE.cause]: reason }, () => {
      const traceparent = currentTraceparent();
      const cause = {
        reason,
        object: key,
        atMs: this.#ports.clock.wallMs(),
        ...(traceparent === undefined ? {} : { traceparent }),
      };
      this.#pending.add({ key, workClass, cause }, { slot: this.#kind.slot, object: key, text });
    });
  }

  /** Nothing happened to it while nobody watched; it still gets a look within one interval. */
  #spreadResync(key: KeyText, object: JsonObject): void {
    const uid = textMember(member(object, "metadata"), "uid");
    const afterMs = Number(fnv1a64(uid) % BigInt(Math.max(1, this.#options.resyncIntervalMs))) + 1;
    this.#pending.add({ key, workClass: 3, afterMs, cause: { reason: "resync", atMs: this.#ports.clock.wallMs() } });
  }

  /** Triggers that name their Workflow follow that one. Returns the keys that were woken. */
  #followAskedPlans(seen: Map<KeyText, string>): ReadonlySet<KeyText> {
    const woken = new Set<KeyText>();
    for (const [key, asked] of this.#asked) {
      const known = seen.get(key);
      if (known === undefined) continue;
      const text = withPlan(withoutPlan(known), this.#askedPlan(asked));
      if (text === known) continue;
      seen.set(key, text);
      this.#wake(key, 3, "definition", text);
      woken.add(key);
    }
    return woken;
  }

  /** @param keys - those that are not woken anyway: their runs see the new plan */
  async #followPlan(keys: Iterable<KeyText>, signal: AbortSignal): Promise<void> {
    const { slot } = this.#kind;
    const { ledger } = this.#ports;
    this.#spreadPlan ??= await untilReached(() => ledger.spreadPlan(slot), "reading the ledger", this.#ports, signal);
    const plan = this.#catalog().planHashFor(this.#kind);
    if (this.#spreadPlan === undefined || this.#spreadPlan === plan) return;
    this.#spreadPlan = plan;
    this.#spread([...keys]);
    await untilReached(() => ledger.recordSpreadPlan(slot, plan), "writing the ledger", this.#ports, signal);
  }

  #spread(keys: readonly KeyText[]): void {
    const cause = { reason: "definition", atMs: this.#ports.clock.wallMs() };
    for (const [index, key] of keys.entries()) {
      const afterMs = Math.round((Math.max(0, index - SPREAD_AT_ONCE) / SPREAD_PER_SECOND) * 1000);
      this.#pending.add({ key, workClass: 3, cause, ...(afterMs === 0 ? {} : { afterMs }) });
    }
  }

  /** The inventories on the triggers are the truth about which objects concern them; the index may have been lost. */
  async #rebuildIndex(objects: readonly JsonObject[], signal: AbortSignal): Promise<void> {
    const entries = objects.flatMap((object) => this.#indexEntries(object));
    for (let at = 0; at < entries.length; at += INDEX_BATCH) {
      const batch = entries.slice(at, at + INDEX_BATCH);
      await untilReached(() => this.#ports.index.add(batch), "rebuilding the index", this.#ports, signal);
    }
  }

  #indexEntries(trigger: JsonObject): readonly IndexEntry[] {
    const metadata = member(trigger, "metadata");
    const text = textMember(member(metadata, "annotations"), ANNOTATION.inventory);
    const key = this.#keyOf(trigger);
    return parseInventory(text, textMember(metadata, "uid")).map((entry) => ({
      object: formatKey({ cluster: this.#ports.store.cluster, ...entry }),
      trigger: key,
    }));
  }

  async #readLedger(signal: AbortSignal): Promise<Map<KeyText, string> | undefined> {
    const read = () => this.#ports.ledger.seen(this.#kind.slot);
    const seen = await untilReached(read, "reading the ledger", this.#ports, signal);
    return seen === undefined ? undefined : (new Map(seen) as Map<KeyText, string>);
  }

  #askedPlan(name: string): string {
    return name === "" ? "" : (this.#catalog().find("Workflow", name, "")?.planHash ?? "none");
  }

  #keyOf(object: JsonObject): KeyText {
    const metadata = member(object, "metadata");
    const { group, kind } = this.#kind;
    const [namespace, name] = [textMember(metadata, "namespace"), textMember(metadata, "name")];
    return formatKey({ cluster: this.#ports.store.cluster, group, kind, namespace, name });
  }
}

/** An event is a change by somebody. What a list shows for the first time is one too, unless it was looked at before. */
function urgency(object: JsonObject, how: "list" | "added" | "modified", known: string | undefined): WorkClass {
  if (how !== "list" || known !== undefined) return 1;
  const generation = memberAt(object, ["metadata", "generation"]);
  const wasLookedAt = generation !== undefined && memberAt(object, ["status", "observedGeneration"]) === generation;
  return wasLookedAt ? 3 : 2;
}

/** `uid:hash`, and for a trigger that names its Workflow `uid:hash:plan`. */
function withPlan(fingerprint: string, plan: string): string {
  return plan === "" ? fingerprint : `${fingerprint}:${plan}`;
}

function withoutPlan(text: string): string {
  return text.split(":", 2).join(":");
}

function isIn(key: KeyText, namespace: string | undefined): boolean {
  return namespace === undefined || parseKey(key)?.namespace === namespace;
}
