// Bounds how many messages are kept in memory.
import type { StateHolder } from "../model/state_holder.ts";
import type { Timeline } from "../model/state.ts";
import { keepAround, keepNewest } from "./timeline.ts";

const CHECK_MS = 1_000;
/** What stays of a conversation that nobody looks at. */
const KEPT_MESSAGES = 30;
/** A conversation that was used within this time may be on the screen. */
const IN_USE_MS = 60_000;

export class Evictor {
  readonly #holder: StateHolder;
  readonly #maxMessages: number;
  /** When a conversation was last used, in milliseconds since 1970. */
  readonly #usedAt = new Map<string, number>();
  /** The seq in a conversation that was looked at last. */
  readonly #usedSeq = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;

  constructor(holder: StateHolder, maxMessages: number) {
    this.#holder = holder;
    this.#maxMessages = maxMessages;
  }

  touch(conversationId: string, seq?: number): void {
    this.#usedAt.set(conversationId, Date.now());
    if (seq !== undefined) this.#usedSeq.set(conversationId, seq);
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
      const shorter = this.#shorten(id, timeline);
      excess -= timeline.messages.size - shorter.messages.size;
      kept = kept.set(id, shorter);
    }
    this.#holder.update((state) => ({ ...state, timelines: kept }));
  }

  /** Of what is being read, the neighbourhood stays: half of what may be kept altogether. */
  #shorten(id: string, timeline: Timeline): Timeline {
    const isInUse = Date.now() - (this.#usedAt.get(id) ?? 0) < IN_USE_MS;
    if (!isInUse) return keepNewest(timeline, KEPT_MESSAGES);
    const reach = Math.floor(this.#maxMessages / 4);
    const seq = this.#usedSeq.get(id) ?? timeline.headSeq;
    return keepAround(timeline, seq, reach, KEPT_MESSAGES);
  }
}
