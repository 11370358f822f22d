// Pauses before another attempt, which end early when the network is back.

export class Pauses {
  readonly #ends = new Set<() => void>();

  /** Resolves after this time, or at `wake`. Rejects if the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#ends.delete(end);
        signal.removeEventListener("abort", end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(end, ms);
      this.#ends.add(end);
      signal.addEventListener("abort", end);
    });
  }

  /** Ends all pauses. */
  wake(): void {
    for (const end of [...this.#ends]) end();
  }
}
