/** The definition registry of one process. */
import type { DefinitionRegistry } from "../../engine/ports/definition-registry.ts";

export class MemoryDefinitionRegistry implements DefinitionRegistry {
  readonly #hashes = new Map<string, string>();
  #version = 0;

  record(changes: ReadonlyMap<string, string | null>): Promise<number> {
    let changed = false;
    for (const [id, hash] of changes) {
      if ((this.#hashes.get(id) ?? null) === hash) continue;
      changed = true;
      if (hash === null) this.#hashes.delete(id);
      else this.#hashes.set(id, hash);
    }
    if (changed) this.#version += 1;
    return this.version();
  }

  version(): Promise<number> {
    return Promise.resolve(this.#version);
  }

  read(): Promise<{ readonly version: number; readonly hashes: ReadonlyMap<string, string> }> {
    return Promise.resolve({ version: this.#version, hashes: new Map(this.#hashes) });
  }
}
