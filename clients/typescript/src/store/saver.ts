// Writes the state into the store: often enough to lose little, seldom enough to cost little.
import type { ClientState } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { changesToSave } from "./saved_state.ts";
import type { Storage } from "./storage.ts";

const GATHER_MS = 300;

/**
 * Rows, messages and the cursor are written together, or not at all: a cursor that is ahead of
 * what is stored would lose entries.
 */
export class Saver {
  readonly #storage: Storage;
  readonly #holder: StateHolder;
  #saved: ClientState | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;

  /** `saved` is what the store holds, or null if it holds nothing. */
  constructor(storage: Storage, holder: StateHolder, saved: ClientState | null) {
    this.#storage = storage;
    this.#holder = holder;
    this.#saved = saved;
  }

  /** Another tab has written since: `saved` is what the store holds now. */
  rebase(saved: ClientState): void {
    if (saved.cursor !== this.#saved?.cursor) this.#saved = saved;
  }

  start(): void {
    this.#stop ??= this.#holder.subscribe(
      (state) => state,
      () => this.#schedule(),
    );
    this.#schedule();
  }

  async stop(): Promise<void> {
    if (!this.#stop) return;
    this.#stop();
    this.#stop = undefined;
    await this.save();
  }

  /** Writes what has changed. Resolves when it is stored. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.save(), GATHER_MS);
  }

  async #write(): Promise<void> {
    const { state } = this.#holder;
    if (state === this.#saved) return;
    const changes = changesToSave(this.#saved, state);
    try {
      await this.#storage.write(changes);
      this.#saved = state;
    } catch (error) {
      // A full or closed store must not stop the client; the next write contains this one.
      console.warn("Tidings cannot write its store:", error);
    }
  }
}
