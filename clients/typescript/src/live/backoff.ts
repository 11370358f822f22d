// How long to wait before the next attempt.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Doubles from attempt to attempt. The wait is drawn at random, so that clients that lost their
 * connection together do not return together; it is never shorter than the server advises.
 */
export class Backoff {
  #attempts = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  nextMs(adviceMs: number | null): number {
    const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    const drawn = bound * (0.5 + this.#random() / 2);
    return adviceMs === null ? drawn : adviceMs + (drawn * this.#random()) / 2;
  }

  reset(): void {
    this.#attempts = 0;
  }
}
