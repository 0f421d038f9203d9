/**
 * The bounded inbox of one actor: first in, first out. Senders never wait; a full mailbox refuses, and the sender treats
 * that as the crash of the receiver. Used by `actor.ts` alone.
 */
export class Mailbox<M> {
  readonly #messages: M[] = [];
  readonly #limit: number;
  #wake: (() => void) | undefined;

  /** @param limit - most messages waiting at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Puts a message at the end; false when the mailbox is full. */
  offer(message: M): boolean {
    if (this.#messages.length >= this.#limit) return false;
    this.#messages.push(message);
    this.#wake?.();
    return true;
  }

  /** The next message, or undefined once the signal is aborted. */
  async take(signal: AbortSignal): Promise<M | undefined> {
    while (!signal.aborted) {
      const next = this.#messages.shift();
      if (next !== undefined) return next;
      await this.#nextOffer(signal);
    }
    return undefined;
  }

  #nextOffer(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
