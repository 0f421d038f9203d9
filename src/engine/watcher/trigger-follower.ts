/**
 * Turns changes of the triggers of one kind into wake-ups of their own keys. It keeps one short text per trigger, the
 * same as the ledger, so that a new owner of the slot wakes only what changed meanwhile or was never seen; all other
 * keys get their next look somewhere in the resync interval.
 */
import { member, textMember, type JsonObject } from "../../core/json.ts";
import { annotationOf } from "../../core/object.ts";
import { ANNOTATION } from "../../core/names.ts";
import { formatKey, parseKey, type KeyText } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { parseInventory } from "../../core/resource/inventory.ts";
import { fnv1a64 } from "../../core/slot.ts";
import type { IndexEntry } from "../ports/object-index.ts";
import type { WorkClass } from "../ports/key-store.ts";
import type { CauseReason } from "../ports/reconcile-queue.ts";
import { ATTRIBUTE } from "../telemetry.ts";
import { causeNow, withWatchEvent } from "../trace-context.ts";
import { wakeForTrigger } from "../wake.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { paceMs, PlanSpread, type Scope } from "./plan-spread.ts";
import { digestOf, type TriggerDigest } from "./trigger-digest.ts";
import { UnseenEdits, wasLookedAt } from "./unseen-edits.ts";
import { untilReached } from "./until-reached.ts";
import { isTriggerPlace, type FollowedKind, type WatcherOptions, type WatcherPorts } from "./watcher-ports.ts";

const INDEX_BATCH = 500;

export class TriggerFollower {
  readonly #kind: FollowedKind;
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  readonly #pending: PendingWakeUps;
  readonly #catalog: () => Catalog;
  readonly #plan: PlanSpread;
  /** What was last seen of each trigger, as in the ledger; undefined until that is read. */
  #seen: Map<KeyText, string> | undefined;
  #reading: Promise<Map<KeyText, string> | undefined> | undefined;
  /** Namespaces (undefined: all of them) that were listed at least once. */
  readonly #listed = new Set<Scope>();
  /** Triggers whose annotation names a Workflow. */
  readonly #asked = new Map<KeyText, string>();
  /** How many keys the present list, or edit of definitions, has woken for their plan. */
  #paced = 0;
  /** Triggers that carry an inventory or a finalizer of ours. */
  readonly #recorded = new Set<KeyText>();
  /** Edits that no run is known to have seen, though their trigger looks like the one in the ledger. */
  readonly #unseen = new UnseenEdits();

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
    this.#plan = new PlanSpread(kind, ports, pending, catalog);
  }

  /** Whether any trigger carries something we must come back for. */
  get hasRecords(): boolean {
    return this.#recorded.size > 0;
  }

  /** Sets the namespaces that are about to be watched, each on its own. */
  setScopes(scopes: readonly Scope[]): void {
    this.#plan.setScopes(scopes);
    for (const scope of this.#listed) if (!scopes.includes(scope)) this.#listed.delete(scope);
  }

  /** What is kept of some of the listed triggers; the index then has the objects that their inventories name. */
  async digest(objects: readonly JsonObject[], signal: AbortSignal): Promise<readonly TriggerDigest[]> {
    const triggers = objects.filter((object) => this.#counts(object));
    const kept = triggers.map((trigger) => this.#digestOf(trigger));
    const entries = triggers.flatMap((trigger, index) => this.#indexEntries(trigger, kept[index]));
    await this.#rebuildIndex(entries, signal);
    return kept;
  }

  /** @param triggers - all of the kind in this scope */
  async onList(triggers: readonly TriggerDigest[], scope: Scope, signal: AbortSignal): Promise<void> {
    const seen = await this.#ledger(signal);
    if (seen === undefined) return;
    const isTakeOver = !this.#listed.has(scope);
    this.#listed.add(scope);
    this.#paced = 0;
    const missing = new Set([...seen.keys()].filter((key) => isIn(key, scope)));
    const settled: KeyText[] = [];
    for (const trigger of triggers) {
      missing.delete(trigger.key);
      if (this.#look(seen, trigger, "list")) continue;
      settled.push(trigger.key);
      if (isTakeOver) this.#spreadResync(trigger);
    }
    for (const key of missing) this.#gone(seen, key);
    await this.#plan.follow(scope, this.#ofKindsPlan(settled), signal);
  }

  onEvent(type: "added" | "modified" | "deleted", object: JsonObject): void {
    if (this.#seen === undefined || !this.#counts(object)) return; // a list comes first
    const trigger = this.#digestOf(object);
    if (type === "deleted") this.#gone(this.#seen, trigger.key);
    else this.#look(this.#seen, trigger, type);
  }

  /** Wakes, paced, every trigger whose plan differs from the one last spread. */
  async onDefinitions(signal: AbortSignal): Promise<void> {
    const seen = this.#seen;
    if (seen === undefined) return; // the list under way will follow the plan
    this.#paced = 0;
    this.#followAskedPlans(seen);
    const others = this.#ofKindsPlan([...seen.keys()]);
    for (const scope of this.#listed) {
      const keys = others.filter((key) => isIn(key, scope));
      await this.#plan.follow(scope, keys, signal);
    }
  }

  #counts(object: JsonObject): boolean {
    return isTriggerPlace(this.#options, textMember(member(object, "metadata"), "namespace"));
  }

  /** @returns whether the trigger was woken */
  #look(seen: Map<KeyText, string>, trigger: TriggerDigest, how: "list" | "added" | "modified"): boolean {
    const { key, asked } = trigger;
    if (asked === "") this.#asked.delete(key);
    else this.#asked.set(key, asked);
    if (!trigger.isRecorded) this.#recorded.delete(key);
    else this.#recorded.add(key);
    const text = withPlan(trigger.fingerprint, this.#askedPlan(asked));
    const known = seen.get(key);
    const isUnseen = this.#unseen.has(trigger) && how === "list"; // an event itself reports the edit
    if (known === text && !isUnseen) return false;
    const wake = wakeForTrigger(known === undefined ? undefined : withoutPlan(known), trigger);
    const reason = wake?.reason ?? (isUnseen ? "modified" : "definition");
    const isUrgent = wake !== undefined || isUnseen;
    seen.set(key, text);
    this.#unseen.woken(trigger);
    this.#wake(key, isUrgent ? urgency(trigger, how, known) : 3, reason, text);
    return true;
  }

  #gone(seen: Map<KeyText, string>, key: KeyText): void {
    seen.delete(key);
    this.#asked.delete(key);
    this.#recorded.delete(key);
    this.#unseen.forget(key);
    this.#wake(key, 1, "deleted", null);
  }

  #wake(key: KeyText, workClass: WorkClass, reason: CauseReason, text: string | null): void {
    withWatchEvent({ [ATTRIBUTE.key]: key, [ATTRIBUTE.cause]: reason }, () => {
      const cause = causeNow(reason, this.#ports.clock.wallMs(), key);
      const afterMs = reason === "definition" ? paceMs(this.#paced++) : 0;
      const wakeUp = { key, workClass, cause, ...(afterMs === 0 ? {} : { afterMs }) };
      this.#pending.add(wakeUp, { seen: { slot: this.#kind.slot, object: key, text } });
    });
  }

  /** Schedules a look, within one interval, at a trigger that did not change while nobody watched. */
  #spreadResync({ key, uid }: TriggerDigest): void {
    const afterMs = Number(fnv1a64(uid) % BigInt(Math.max(1, this.#options.resyncIntervalMs))) + 1;
    this.#pending.add({ key, workClass: 3, afterMs, cause: { reason: "resync", atMs: this.#ports.clock.wallMs() } });
  }

  /** The keys that follow the Workflow of the kind: triggers that name their own are left out. */
  #ofKindsPlan(keys: readonly KeyText[]): readonly KeyText[] {
    return keys.filter((key) => !this.#asked.has(key));
  }

  /** Wakes each trigger that names its own Workflow if the plan of that one changed. */
  #followAskedPlans(seen: Map<KeyText, string>): void {
    for (const [key, asked] of this.#asked) {
      const known = seen.get(key);
      if (known === undefined) continue;
      const text = withPlan(withoutPlan(known), this.#askedPlan(asked));
      if (text === known) continue;
      seen.set(key, text);
      this.#wake(key, 3, "definition", text);
    }
  }

  /** The inventories on the triggers are the truth about which objects concern them; the index may have been lost. */
  async #rebuildIndex(entries: readonly IndexEntry[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < entries.length; at += INDEX_BATCH) {
      const batch = entries.slice(at, at + INDEX_BATCH);
      await untilReached(() => this.#ports.index.add(batch), "rebuilding the index", this.#ports, signal);
    }
  }

  #indexEntries(trigger: JsonObject, digest: TriggerDigest | undefined): readonly IndexEntry[] {
    if (digest === undefined) return [];
    const text = annotationOf(trigger, ANNOTATION.inventory);
    return parseInventory(text, digest.uid).map((entry) => ({
      object: formatKey({ cluster: this.#ports.store.cluster, ...entry }),
      trigger: digest.key,
      readonly: entry.readonly,
    }));
  }

  /** Reads the ledger once, however many namespaces are listed at the same time. */
  async #ledger(signal: AbortSignal): Promise<Map<KeyText, string> | undefined> {
    const read = () => this.#ports.ledger.seen(this.#kind.slot);
    this.#reading ??= untilReached(read, "reading the ledger", this.#ports, signal).then((seen) =>
      seen === undefined ? undefined : (new Map(seen) as Map<KeyText, string>),
    );
    this.#seen ??= await this.#reading;
    if (this.#seen === undefined) this.#reading = undefined; // aborted; another watch may try again
    return this.#seen;
  }

  #askedPlan(name: string): string {
    return name === "" ? "" : (this.#catalog().find("Workflow", name, "")?.planHash ?? "none");
  }

  #digestOf(trigger: JsonObject): TriggerDigest {
    return digestOf(trigger, this.#ports.store.cluster, this.#kind);
  }
}

/** 1 for an event, or a change of a known trigger; for one that a list shows first, 3 if a run looked at it, else 2. */
function urgency(trigger: TriggerDigest, how: "list" | "added" | "modified", known: string | undefined): WorkClass {
  if (how !== "list" || known !== undefined) return 1;
  return wasLookedAt(trigger) ? 3 : 2;
}

/** `uid:hash`, and for a trigger that names its Workflow `uid:hash:plan`. */
function withPlan(fingerprint: string, plan: string): string {
  return plan === "" ? fingerprint : `${fingerprint}:${plan}`;
}

function withoutPlan(text: string): string {
  return text.split(":", 2).join(":");
}

function isIn(key: KeyText, scope: Scope): boolean {
  return scope === undefined || parseKey(key)?.namespace === scope;
}
