// Functions that an app wants to be called.

export class Listeners<Value> {
  readonly #listeners = new Set<(value: Value) => void>();

  /** Returns how to stop the calls. */
  add(listener: (value: Value) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that fails must keep neither the others nor the client from going on. */
  call(value: Value): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
