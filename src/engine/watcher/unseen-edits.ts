/**
 * Edits that no run of a trigger is known to have seen: its generation differs from the one its status was written for.
 * The hash alone does not show them: a trigger edited while nobody watched, run by a resync, and edited back looks like
 * the one we know. A key is woken once per generation, also where no run says what it saw.
 */
import type { KeyText } from "../../core/object-key.ts";
import type { TriggerDigest } from "./trigger-digest.ts";

type Generations = Pick<TriggerDigest, "key" | "generation" | "observed">;

export class UnseenEdits {
  /** The generation that each lagging trigger was last woken for. */
  readonly #wokenFor = new Map<KeyText, number>();

  /** Whether the trigger's last edit may be unseen and its key was not woken since. */
  has({ key, generation, observed }: Generations): boolean {
    if (generation === undefined || observed === undefined) return false;
    if (generation !== observed) return this.#wokenFor.get(key) !== generation;
    this.#wokenFor.delete(key);
    return false;
  }

  /** The key was woken: its next run sees the trigger as it is now, or newer. */
  woken({ key, generation, observed }: Generations): void {
    if (generation !== undefined && generation !== observed) this.#wokenFor.set(key, generation);
  }

  forget(key: KeyText): void {
    this.#wokenFor.delete(key);
  }
}

/** Whether the trigger's status was written for its current generation. */
export function wasLookedAt({ generation, observed }: Pick<TriggerDigest, "generation" | "observed">): boolean {
  return generation !== undefined && generation === observed;
}
