// Ends "is typing" for those who have stopped without saying so.
import type { ServerFrame } from "../api/schemas.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { stopTyping } from "../sync/member_entries.ts";

/** Twice the time between two notices of a user who keeps typing. */
const SHOWN_MS = 6_000;

export class TypingClock {
  readonly #holder: StateHolder;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(holder: StateHolder) {
    this.#holder = holder;
  }

  note(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      if (frame.type !== "typing") continue;
      const { conversation_id: id, user } = frame;
      const key = `${id}/${user}`;
      clearTimeout(this.#timers.get(key));
      const end = () => {
        this.#timers.delete(key);
        this.#holder.update((state) => stopTyping(state, id, user));
      };
      this.#timers.set(key, setTimeout(end, SHOWN_MS));
    }
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
