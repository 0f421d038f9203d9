/**
 * Port: what the last runs of each key did and how long it took, for people who ask why something is not ready. A bounded
 * record beside the state: losing it loses nothing else.
 */
import type { KeyText } from "../../core/object-key.ts";

/** A part of a run, and what it was made of. Names, verdicts and times only, never values of manifests or objects. */
export interface RunSpan {
  /** As in the trace, such as `koreo.step`. */
  readonly name: string;
  /** Since the run's start; negative for what came before it. */
  readonly startMs: number;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** In the order they started. */
  readonly children: readonly RunSpan[];
}

/** One run of one key. */
export interface RunRecord {
  readonly key: KeyText;
  readonly traceId: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** In the queue, before the start. */
  readonly waitedMs: number;
  readonly ms: number;
  /** In one word: the kind of the workflow's outcome, or why none ran. */
  readonly outcome: string;
  /** Whether anything was written to the cluster. */
  readonly changed: boolean;
  /** 1 unless the run before failed. */
  readonly attempt: number;
  readonly workClass: number;
  /** `namespace/name`; "" when none ran. */
  readonly workflow: string;
  /** Why the key was run: `modified`, `managed Deployment/web`. */
  readonly causes: readonly string[];
  /** What keeps the trigger from being ready, in the words of its Ready condition; "" when nothing does. */
  readonly blocked: string;
  /** Who ran it. */
  readonly worker: string;
  readonly root: RunSpan;
  /** Parts of the run beyond what a record holds. */
  readonly omittedSpans: number;
}

/** How much is kept. */
export interface RunLogLimits {
  readonly runsPerKey: number;
  /** How many keys have records; the keys whose last record is oldest lose theirs first. */
  readonly keys: number;
}

export interface RunLog {
  /** @throws StoreUnavailable when it cannot be kept, which hurts nobody but those who ask later */
  add(record: RunRecord): Promise<void>;
  /** Newest first; none when nothing is known of the key. */
  last(key: KeyText, count: number): Promise<readonly RunRecord[]>;
}
