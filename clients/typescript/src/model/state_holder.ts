// Holds the current state, and tells listeners what has changed.
import { Listeners } from "./listeners.ts";
import type { ClientState } from "./state.ts";

/** Calls listeners in a microtask: many changes in one turn become one call. */
export class StateHolder {
  #state: ClientState;
  readonly #listeners = new Listeners<ClientState>();
  #isScheduled = false;

  constructor(state: ClientState) {
    this.#state = state;
  }

  get state(): ClientState {
    return this.#state;
  }

  update(change: (state: ClientState) => ClientState): void {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#notify());
  }

  subscribe<Selected>(
    selector: (state: ClientState) => Selected,
    listener: (selected: Selected, before: Selected) => void,
    isEqual: (a: Selected, b: Selected) => boolean = Object.is,
  ): () => void {
    let selected = selector(this.#state);
    const check = (state: ClientState) => {
      const before = selected;
      const now = selector(state);
      if (isEqual(now, before)) return;
      selected = now;
      listener(now, before);
    };
    return this.#listeners.add(check);
  }

  /** Resolves with the selected value as soon as it is truthy. */
  waitFor<Selected>(
    selector: (state: ClientState) => Selected,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<NonNullable<Selected>> {
    const now = selector(this.#state);
    if (now) return Promise.resolve(now as NonNullable<Selected>);
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => end(new Error(`Not the case after ${timeoutMs} ms.`)), timeoutMs);
      const abort = () => end(signal!.reason);
      const stop = this.subscribe(selector, (selected) => {
        if (selected) end(undefined, selected);
      });
      const end = (error: unknown, selected?: Selected) => {
        stop();
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        if (selected) resolve(selected as NonNullable<Selected>);
        else reject(error);
      };
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
    });
  }

  #notify(): void {
    this.#isScheduled = false;
    this.#listeners.call(this.#state);
  }
}
