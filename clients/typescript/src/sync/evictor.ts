// Bounds how many messages are kept in memory.
import type { StateHolder } from "../model/state_holder.ts";
import { keepNewest } from "./timeline.ts";

const CHECK_MS = 5_000;
/** What stays of a conversation that nobody looks at. */
const KEPT_MESSAGES = 30;

export class Evictor {
  readonly #holder: StateHolder;
  readonly #maxMessages: number;
  /** When a conversation was last used, in milliseconds since 1970. */
  readonly #usedAt = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;

  constructor(holder: StateHolder, maxMessages: number) {
    this.#holder = holder;
    this.#maxMessages = maxMessages;
  }

  touch(conversationId: string): void {
    this.#usedAt.set(conversationId, Date.now());
  }

  start(): void {
    this.#stop ??= this.#holder.subscribe(
      (state) => state.timelines,
      () => {
        this.#timer ??= setTimeout(() => this.#check(), CHECK_MS);
      },
    );
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer = undefined;
    const { timelines } = this.#holder.state;
    let excess = -this.#maxMessages;
    for (const timeline of timelines.values()) excess += timeline.messages.size;
    if (excess <= 0) return;
    const usedAt = (id: string) => this.#usedAt.get(id) ?? 0;
    const oldestFirst = [...timelines.keys()].sort((a, b) => usedAt(a) - usedAt(b));
    let kept = timelines;
    for (const id of oldestFirst) {
      if (excess <= 0) break;
      const timeline = timelines.get(id)!;
      const shorter = keepNewest(timeline, KEPT_MESSAGES);
      excess -= timeline.messages.size - shorter.messages.size;
      kept = kept.set(id, shorter);
    }
    this.#holder.update((state) => ({ ...state, timelines: kept }));
  }
}
