// Sends what is in the outbox, until the server has it or refuses it.
import type { Api } from "../api/create_api.ts";
import { ApiError, errorInfo, isTemporary } from "../api/problem.ts";
import { Backoff } from "../live/backoff.ts";
import { SignedOutError } from "../live/token_keeper.ts";
import type { OutboxItem, SentMessage } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { markStale, messageKey } from "../sync/stale.ts";
import {
  changeItem,
  endRequest,
  failItem,
  nextItem,
  removeItem,
  requeueItem,
  settleItems,
} from "./queue.ts";
import { ReadMarks } from "./read_marks.ts";
import { postItem, type Stored } from "./requests.ts";

const CONVERSATIONS_AT_ONCE = 4;
/** A change that changes nothing has no entry; after this long the message is fetched instead. */
const SETTLE_MS = 2_000;

export class Sender {
  readonly #api: Api;
  readonly #holder: StateHolder;
  readonly #reads: ReadMarks;
  readonly #onSent: (sent: SentMessage) => void;
  readonly #backoff = new Backoff();
  /** Conversations that must wait, and until when, in milliseconds since 1970. */
  readonly #waits = new Map<string, number>();
  #pausedUntil = 0;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;

  constructor(api: Api, holder: StateHolder, onSent: (sent: SentMessage) => void) {
    this.#api = api;
    this.#holder = holder;
    this.#onSent = onSent;
    this.#reads = new ReadMarks(api, holder);
  }

  start(): void {
    this.#stop ??= this.#holder.subscribe(
      (state) => state.outbox,
      () => this.#fill(),
    );
    this.#reads.start();
    this.wake();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#reads.stop();
    clearTimeout(this.#timer);
  }

  /** Tries at once what waits for the network. */
  wake(): void {
    this.#pausedUntil = 0;
    this.#backoff.reset();
    this.#reads.wake();
    this.#fill();
  }

  #fill(): void {
    if (!this.#stop) return;
    const now = Date.now();
    if (now < this.#pausedUntil) return this.#fillAt(this.#pausedUntil);
    const mayGo = (id: string) => (this.#waits.get(id) ?? 0) <= now;
    while (this.#running < CONVERSATIONS_AT_ONCE) {
      const item = nextItem(this.#holder.state, mayGo);
      if (!item) break;
      this.#running += 1;
      void this.#send(item).finally(() => {
        this.#running -= 1;
        this.#fill();
      });
    }
    const later = [...this.#waits.values()].filter((until) => until > now);
    if (later.length > 0) this.#fillAt(Math.min(...later));
  }

  #fillAt(time: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fill(), Math.max(0, time - Date.now()));
  }

  async #send(item: OutboxItem): Promise<void> {
    this.#holder.update((state) =>
      changeItem(state, item.id, (current) => ({ ...current, status: "sending" })),
    );
    try {
      const stored = await postItem(this.#api, item);
      this.#backoff.reset();
      this.#complete(item, stored);
    } catch (error) {
      this.#handleFailure(item, error);
    }
  }

  #complete(item: OutboxItem, stored: Stored): void {
    const { position, seq, sentAt, isHeld, isMasked } = stored;
    this.#holder.update((state) => {
      if (isHeld) return markStale(removeItem(state, item.id), "lists", "held", state.written);
      const sent = endRequest(state, item.id, (current) =>
        current.kind === "send"
          ? { ...current, status: "sent", error: null, position, seq, sentAt }
          : { ...current, status: "sent", error: null, position },
      );
      return settleItems(sent);
    });
    if (item.kind === "change") {
      setTimeout(() => this.#fetchUnsettled(item.id), SETTLE_MS);
      return;
    }
    const { id, conversationId } = item;
    this.#onSent({ id, conversationId, seq, masked: isMasked, held: isHeld });
  }

  #fetchUnsettled(id: string): void {
    const item = this.#holder.state.outbox.find((other) => other.id === id);
    if (item?.kind !== "change" || item.status !== "sent" || item.position === null) return;
    const key = messageKey(item.conversationId, item.seq);
    const { position } = item;
    this.#holder.update((state) => removeItem(markStale(state, "messages", key, position), id));
  }

  #handleFailure(item: OutboxItem, error: unknown): void {
    const mustWait = isTemporary(error) || error instanceof SignedOutError;
    if (!mustWait) {
      this.#holder.update((state) => failItem(state, item.id, errorInfo(error)));
      return;
    }
    const advice = error instanceof ApiError ? error.retryAfterMs : null;
    const until = Date.now() + this.#backoff.nextMs(advice);
    // Too many messages in one conversation say nothing about the others.
    if (error instanceof ApiError && error.status === 429) {
      this.#waits.set(item.conversationId, until);
    } else {
      this.#pausedUntil = until;
    }
    this.#holder.update((state) => requeueItem(state, item.id));
  }
}
