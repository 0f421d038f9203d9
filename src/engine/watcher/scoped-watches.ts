/** The watches of one kind, one for each scope: a scope that comes or goes begins or ends its own watch, and no other. */
import type { Scope } from "./plan-spread.ts";

interface ScopedWatch {
  readonly ended: AbortController;
  readonly done: Promise<void>;
}

export class ScopedWatches {
  readonly #begin: (scope: Scope, ended: AbortSignal) => Promise<void>;
  readonly #over: AbortController;
  readonly #watches = new Map<Scope, ScopedWatch>();
  /** Watches that were told to end and have not ended yet. */
  readonly #ending = new Map<Scope, Promise<void>>();

  /**
   * @param begin - watches a scope until its signal is aborted
   * @param over - aborted with what a watch throws, which is a bug
   */
  constructor(begin: (scope: Scope, ended: AbortSignal) => Promise<void>, over: AbortController) {
    this.#begin = begin;
    this.#over = over;
  }

  get count(): number {
    return this.#watches.size;
  }

  /** Watches exactly these from now on. */
  follow(scopes: readonly Scope[]): void {
    if (this.#over.signal.aborted) return;
    for (const [scope, watch] of this.#watches) if (!scopes.includes(scope)) this.#end(scope, watch);
    for (const scope of scopes) if (!this.#watches.has(scope)) this.#start(scope);
  }

  /** Ends all, and resolves once they have ended. */
  async end(): Promise<void> {
    for (const [scope, watch] of this.#watches) this.#end(scope, watch);
    await Promise.all(this.#ending.values());
  }

  #start(scope: Scope): void {
    const ended = new AbortController();
    // Starts once the previous watch of the scope has ended: their reports must not be mixed up.
    const before = this.#ending.get(scope) ?? Promise.resolve();
    const done = before.then(() => this.#begin(scope, ended.signal)).catch((error: unknown) => this.#over.abort(error));
    this.#watches.set(scope, { ended, done });
  }

  #end(scope: Scope, { ended, done }: ScopedWatch): void {
    ended.abort();
    this.#watches.delete(scope);
    const gone = done.finally(() => {
      if (this.#ending.get(scope) === gone) this.#ending.delete(scope);
    });
    this.#ending.set(scope, gone);
  }
}
