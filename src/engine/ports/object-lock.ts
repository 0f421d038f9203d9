/**
 * A short lock on one object that several triggers name, taken around decide-and-write. It only saves wasted work: the
 * API server's preconditions alone keep superseded writes out. Implemented on Redis and in memory.
 */
import type { KeyText } from "../../core/object-key.ts";

export interface ObjectLock {
  /**
   * Tries once, without waiting.
   *
   * @param holder - the key of the run that asks; asking again while holding it renews
   * @returns undefined when the lock is ours now, else the key that holds it; the asker is then remembered as waiting
   */
  acquire(object: KeyText, holder: KeyText, ttlMs: number): Promise<KeyText | undefined>;
  /** Lets go if `holder` still holds it. Returns the keys that asked meanwhile: the caller wakes them. */
  release(object: KeyText, holder: KeyText): Promise<readonly KeyText[]>;
}
