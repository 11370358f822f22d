// How many bytes one request moves. A request has a time limit, and progress shows after each, so
// the size follows the speed of the network.

const LEAST = 64 * 1024;
const FIRST = 256 * 1024;
const MOST = 8 * 1024 * 1024;
const FAST_MS = 1_000;
const SLOW_MS = 5_000;

export class RangeSize {
  #bytes = FIRST;

  get bytes(): number {
    return this.#bytes;
  }

  /** A request has taken this long. */
  note(ms: number): void {
    if (ms < FAST_MS) this.#bytes = Math.min(MOST, this.#bytes * 2);
    else if (ms > SLOW_MS) this.shrink();
  }

  /** A request has failed. */
  shrink(): void {
    this.#bytes = Math.max(LEAST, this.#bytes / 2);
  }
}
