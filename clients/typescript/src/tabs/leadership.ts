// One tab leads: it has the connection. The browser gives the lead to the next tab when the
// leader closes or dies.

/** Waits for the lead. Calls `lead` once this tab has it; `release` gives it up. */
export class Leadership {
  #release: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(name: string, lead: () => void) {
    const held = new Promise<void>((resolve) => (this.#release = resolve));
    const { signal } = this.#abort;
    navigator.locks
      .request(name, { signal }, () => {
        lead();
        return held;
      })
      .catch(() => {
        // Aborted: this tab no longer wants to lead.
      });
  }

  release(): void {
    this.#release?.();
    this.#abort.abort();
  }
}

/** Whether the browser can share a connection among tabs. */
export function canShareTabs(): boolean {
  return (
    typeof BroadcastChannel !== "undefined" &&
    typeof navigator !== "undefined" &&
    "locks" in navigator &&
    typeof window !== "undefined"
  );
}
