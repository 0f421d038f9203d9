/**
 * Cuts the byte stream of a watch into its lines, one JSON event each. Works on bytes, so a character or an event may
 * be split over chunks anywhere.
 */

/** Larger than any object etcd holds (1.5 MiB by default) with everything JSON may add. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

export class LineSplitter {
  readonly #maxLineBytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(maxLineBytes: number = MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  /**
   * @param chunk - the next bytes of the stream
   * @returns the lines that are complete now, without their newline; empty ones are left out
   * @throws RangeError when a line grows beyond the bound
   */
  push(chunk: Uint8Array): readonly string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = this.#take(chunk.subarray(from, end));
      if (line !== "") lines.push(line);
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > this.#maxLineBytes)
      throw new RangeError(`a watch event exceeds ${this.#maxLineBytes} bytes`);
    this.#pending.push(rest);
  }

  #take(end: Uint8Array): string {
    this.#keep(end);
    const line = Buffer.concat(this.#pending).toString("utf8");
    this.#pending = [];
    this.#pendingBytes = 0;
    return line.trim();
  }
}
