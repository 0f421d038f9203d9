/** What a watcher works with. */
import type { GroupKind, KindText } from "../../core/object-key.ts";
import type { Clock } from "../ports/clock.ts";
import type { DefinitionRegistry } from "../ports/definition-registry.ts";
import type { Informers } from "../ports/informer.ts";
import type { Logger } from "../ports/logger.ts";
import type { Membership } from "../ports/membership.ts";
import type { ObjectIndex } from "../ports/object-index.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ReconcileQueue } from "../ports/reconcile-queue.ts";
import type { WatchAccess } from "../ports/watch-access.ts";
import type { WatchLedger } from "../ports/watch-ledger.ts";

export interface WatcherPorts {
  readonly informers: Informers;
  readonly store: ObjectStore;
  readonly access: WatchAccess;
  readonly registry: DefinitionRegistry;
  readonly ledger: WatchLedger;
  readonly membership: Membership;
  readonly index: ObjectIndex;
  readonly queue: Pick<ReconcileQueue, "enqueue">;
  /** Whether the cluster answers, even if with a refusal, judging by the last requests. */
  readonly canReach: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whether this installation runs triggers of a kind: a Workflow names the kind, or did and some of them are left. */
export type IsTriggerKind = (kind: GroupKind) => boolean;

/** A kind and its slot. */
export interface FollowedKind extends GroupKind {
  readonly slot: KindText;
}

/** One slot as a watcher serves it. */
export interface WatchedStream {
  /** `Kind.group`, or `Kind` of the core group. */
  readonly kind: string;
  readonly slot: KindText;
  /** Streams to the API server: one, or one per namespace. */
  readonly streams: number;
  readonly isLive: boolean;
  /** Milliseconds since its most silent stream was heard; 0 before the first stream. */
  readonly silentMs: number;
}

export interface WatcherOptions {
  /** Unique per process and start. */
  readonly id: string;
  /** Namespaces in which triggers count. */
  readonly triggerNamespaces: readonly string[] | "all";
  /** Where the ConfigMap of trigger kinds is: the first of the definitions' namespaces. */
  readonly homeNamespace: string;
  /** Tells installations apart. */
  readonly installation: string;
  /** The interval at which a healthy trigger is looked at again; take-overs spread unchanged triggers over it. */
  readonly resyncIntervalMs: number;
}

/** Whether triggers of a namespace ("" for a cluster-scoped one) are ours to look at. */
export function isTriggerPlace({ triggerNamespaces }: WatcherOptions, namespace: string): boolean {
  return triggerNamespaces === "all" || namespace === "" || triggerNamespaces.includes(namespace);
}
