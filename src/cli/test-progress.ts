/** Shows at a terminal how far a long run of faults is, on one line of stderr that is overwritten. */
const EVERY_MS = 250;

export class FaultProgress {
  #played = 0;
  #toldMs = performance.now();
  #isShown = false;

  count(): void {
    this.#played += 1;
    if (!process.stderr.isTTY || performance.now() - this.#toldMs < EVERY_MS) return;
    this.#toldMs = performance.now();
    this.#isShown = true;
    process.stderr.write(`\r${this.#played} single faults played`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#isShown) process.stderr.write("\r\u001b[K");
  }
}
