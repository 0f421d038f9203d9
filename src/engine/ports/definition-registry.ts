/**
 * The newest definitions any watcher has seen: id -> content hash, with a version that rises with every change. Watchers
 * record before they enqueue dependents; a worker that is behind the version at its take reads definitions first.
 */
export interface DefinitionRegistry {
  /** Records hashes (`null`: deleted). The version rises only if something changed. Returns the version afterwards. */
  record(changes: ReadonlyMap<string, string | null>): Promise<number>;
  /** 0 when nothing was ever recorded (or Redis was wiped). One cheap read. */
  version(): Promise<number>;
  /** All hashes and the version they belong to, read atomically. */
  read(): Promise<{ readonly version: number; readonly hashes: ReadonlyMap<string, string> }>;
}
