/**
 * Turns changes of the objects of one kind into wake-ups of the triggers that named them, by way of the index. Only
 * metadata is needed. A version that a trigger's run has already looked at, such as that of its own write, wakes
 * nobody. Events wait a moment in one batch, so that a run can first record what it looked at.
 */
import { member, textMember, type JsonObject } from "../../core/json.ts";
import { versionOf } from "../../core/object.ts";
import { formatKey, parseKey, type KeyText } from "../../core/object-key.ts";
import { markHolder } from "../../core/resource/mark.ts";
import { ownerReferencesOf } from "../../core/resource/owner.ts";
import { StoreUnavailable } from "../ports/key-store.ts";
import { ATTRIBUTE } from "../telemetry.ts";
import { causeNow, withWatchEvent } from "../trace-context.ts";
import type { PendingWakeUps } from "./pending-wake-ups.ts";
import { untilReached } from "./until-reached.ts";
import {
  isTriggerPlace,
  type FollowedKind,
  type IsTriggerKind,
  type WatcherOptions,
  type WatcherPorts,
} from "./watcher-ports.ts";

/** What is known of a changed object; `version` is "" when it is gone. */
interface Change {
  readonly version: string;
  /** The trigger that the object's mark names. */
  readonly holder: KeyText | undefined;
}

/** What is kept of an object while its list goes on. */
export interface ListedObject extends Change {
  readonly key: KeyText;
}

/** Long enough for the worker that wrote the object to record what it looked at. */
const BATCH_AFTER_MS = 20;
const BATCH = 500;
const PAUSE_MS = 500;

export interface ManagedFollowerParts {
  readonly ports: WatcherPorts;
  readonly options: WatcherOptions;
  readonly pending: PendingWakeUps;
  readonly isTriggerKind: IsTriggerKind;
}

export class ManagedFollower {
  readonly #kind: FollowedKind;
  readonly #ports: WatcherPorts;
  readonly #options: WatcherOptions;
  readonly #pending: PendingWakeUps;
  readonly #isTriggerKind: IsTriggerKind;
  /** Changes not yet looked up: bounded by the number of objects. */
  readonly #changes = new Map<KeyText, Change>();
  #isBusy = false;

  constructor(kind: FollowedKind, { ports, options, pending, isTriggerKind }: ManagedFollowerParts) {
    this.#kind = kind;
    this.#ports = ports;
    this.#options = options;
    this.#pending = pending;
    this.#isTriggerKind = isTriggerKind;
  }

  /** What is kept of some of the listed objects. */
  digest(objects: readonly JsonObject[]): readonly ListedObject[] {
    return objects.map((object) => ({
      key: this.#keyOf(object),
      version: versionOf(object),
      holder: this.#holderOf(object),
    }));
  }

  /** Compares a list with the index: indexed objects it lacks are gone, those in another version have changed. */
  async onList(objects: readonly ListedObject[], namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const read = () => this.#ports.index.objectsOfKind(this.#kind.slot);
    const named = await untilReached(read, "reading the index", this.#ports, signal);
    if (named === undefined) return;
    const unlisted = new Set(
      named.filter((object) => namespace === undefined || parseKey(object)?.namespace === namespace),
    );
    for (const { key, version, holder } of objects)
      if (unlisted.delete(key) || holder !== undefined) this.#changes.set(key, { version, holder });
    for (const object of unlisted) this.#changes.set(object, { version: "", holder: undefined });
    this.#work(signal);
  }

  onEvent(type: "added" | "modified" | "deleted", object: JsonObject, signal: AbortSignal): void {
    const change: Change =
      type === "deleted"
        ? { version: "", holder: undefined }
        : { version: versionOf(object), holder: this.#holderOf(object) };
    this.#changes.set(this.#keyOf(object), change);
    this.#work(signal);
  }

  /** Looks changes up until none is left; at most one such loop at a time. */
  #work(signal: AbortSignal): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    void this.#drain(signal).finally(() => {
      this.#isBusy = false;
      if (this.#changes.size > 0 && !signal.aborted) this.#work(signal); // some came in the last moment
    });
  }

  async #drain(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (this.#changes.size > 0 && !signal.aborted) {
      await clock.sleep(BATCH_AFTER_MS, signal);
      const batch = [...this.#changes.entries().take(BATCH)];
      for (const [object] of batch) this.#changes.delete(object);
      try {
        await this.#wakeFor(batch);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        log.warn(
          { objects: this.#changes.size + batch.length },
          "the index cannot be reached, keeping changed objects",
        );
        for (const [object, change] of batch) if (!this.#changes.has(object)) this.#changes.set(object, change);
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  async #wakeFor(batch: readonly (readonly [KeyText, Change])[]): Promise<void> {
    const triggers = await this.#ports.index.triggersOf(batch.map(([object]) => object));
    // After a crash between a create and its record, the mark still names the trigger. The trigger's run finds the
    // object by the index, so the entry is added first.
    const unknown = batch.flatMap(([object, { holder }], at) => {
      const isNamed = holder === undefined || (triggers[at] ?? []).some(({ trigger }) => trigger === holder);
      return isNamed ? [] : [{ object, trigger: holder }];
    });
    if (unknown.length > 0) await this.#ports.index.add(unknown);
    const holders = new Map(unknown.map(({ object, trigger }) => [object, trigger]));
    for (const [at, [object, { version }]] of batch.entries()) {
      for (const { trigger, resourceVersion } of triggers[at] ?? [])
        if (resourceVersion !== version) this.#wake(trigger, object, version);
      const holder = holders.get(object);
      if (holder !== undefined) this.#wake(holder, object, version);
    }
  }

  #wake(trigger: KeyText, object: KeyText, version: string): void {
    const reason = version === "" ? "managed-deleted" : "managed-modified";
    const attributes = { [ATTRIBUTE.key]: trigger, [ATTRIBUTE.cause]: reason, [ATTRIBUTE.object]: object };
    withWatchEvent(attributes, () => {
      const cause = causeNow(reason, this.#ports.clock.wallMs(), object);
      this.#pending.add({ key: trigger, workClass: 2, cause });
    });
  }

  /**
   * The trigger whose mark is on the object, if that trigger would delete it: once an object that stays anyway has been
   * left, nobody needs to hear of its changes. Triggers of another installation are left to that one.
   */
  #holderOf(object: JsonObject): KeyText | undefined {
    const metadata = member(object, "metadata");
    const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const holder = markHolder(object, { ...this.#kind, ...place });
    const isOwned = ownerReferencesOf(object).some((each) => textMember(each, "uid") === holder?.uid);
    const wouldGo = holder?.policy === "destroy" || (holder?.policy === "default" && isOwned);
    const key = holder === undefined || !wouldGo ? undefined : parseKey(holder.trigger);
    if (key?.cluster !== this.#ports.store.cluster) return undefined;
    const isOurs = isTriggerPlace(this.#options, key.namespace) && this.#isTriggerKind(key);
    return isOurs ? formatKey(key) : undefined;
  }

  #keyOf(object: JsonObject): KeyText {
    const metadata = member(object, "metadata");
    const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const { group, kind } = this.#kind;
    return formatKey({ cluster: this.#ports.store.cluster, group, kind, ...place });
  }
}
