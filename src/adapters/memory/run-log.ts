/** The run log of one process. */
import type { KeyText } from "../../core/object-key.ts";
import type { RunLog, RunLogLimits, RunRecord } from "../../engine/ports/run-log.ts";

export class MemoryRunLog implements RunLog {
  readonly #limits: RunLogLimits;
  /** Keys in the order of their last record: the oldest is the first to go. */
  readonly #records = new Map<KeyText, readonly RunRecord[]>();

  constructor(limits: RunLogLimits) {
    this.#limits = limits;
  }

  add(record: RunRecord): Promise<void> {
    const { runsPerKey, keys } = this.#limits;
    const kept = [record, ...(this.#records.get(record.key) ?? [])].slice(0, runsPerKey);
    this.#records.delete(record.key);
    this.#records.set(record.key, kept);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= keys) break;
      this.#records.delete(oldest);
    }
    return Promise.resolve();
  }

  last(key: KeyText, count: number): Promise<readonly RunRecord[]> {
    return Promise.resolve((this.#records.get(key) ?? []).slice(0, count));
  }
}
