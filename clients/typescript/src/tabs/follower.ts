// A tab without a connection of its own: it applies the frames that the leader passes on.
import type { Api } from "../api/create_api.ts";
import { ApiError, isTooOld } from "../api/problem.ts";
import type { Entry, ServerFrame } from "../api/schemas.ts";
import { Backoff } from "../live/backoff.ts";
import { receiveFrames } from "../live/frames.ts";
import { pollFeed } from "../live/polling.ts";
import { forgetHistory } from "../model/initial_state.ts";
import type { ConnectionState, OutboxItem } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { PersistentMap } from "../model/persistent_map.ts";
import { positionOf } from "../sync/cursor.ts";
import { loadInbox } from "../sync/load_inbox.ts";

/**
 * The tab keeps a cursor as the leader does. When frames do not continue it (the tab has just
 * opened, or the browser had put it to sleep), it reads what is missing from the feed itself.
 */
export class Follower {
  readonly #api: Api;
  readonly #holder: StateHolder;
  readonly #onEntry: (entry: Entry) => void;
  readonly #backoff = new Backoff();
  #waiting: ServerFrame[] = [];
  #isCatchingUp = false;
  #isStopped = false;
  /** Items of this tab that the leader has not shown yet. */
  readonly #unconfirmed = new Set<string>();

  constructor(api: Api, holder: StateHolder, onEntry: (entry: Entry) => void) {
    this.#api = api;
    this.#holder = holder;
    this.#onEntry = onEntry;
    void this.#catchUp();
  }

  stop(): void {
    this.#isStopped = true;
  }

  receive(frames: readonly ServerFrame[], after: string | null): void {
    if (this.#isStopped) return;
    const { cursor } = this.#holder.state;
    if (this.#isCatchingUp) {
      this.#waiting.push(...frames);
    } else if (cursor !== null && positionOf(after) <= positionOf(cursor)) {
      receiveFrames(this.#holder, frames, this.#onEntry);
    } else {
      this.#waiting.push(...frames);
      void this.#catchUp();
    }
  }

  /** Whatever has come so far is of a history that is lost. */
  forget(isLost: boolean): void {
    this.#waiting = [];
    this.#holder.update((state) => forgetHistory(state, isLost));
    if (!this.#isCatchingUp) void this.#catchUp();
  }

  showConnection(leader: ConnectionState): void {
    this.#holder.update((state) => ({
      ...state,
      connection: { ...leader, status: "following", leader: leader.status },
    }));
  }

  /** Notes an item that has been passed to the leader. */
  expect(id: string): void {
    this.#unconfirmed.add(id);
  }

  /** The items of this tab that no leader has confirmed: a new leader may not know them. */
  unconfirmed(): OutboxItem[] {
    return this.#holder.state.outbox.filter((item) => this.#unconfirmed.has(item.id));
  }

  showOutbox(
    items: readonly OutboxItem[],
    reads: readonly (readonly [string, number])[],
  ): void {
    for (const { id } of items) this.#unconfirmed.delete(id);
    const own = this.unconfirmed();
    const pendingReads = PersistentMap.from(reads);
    this.#holder.update((state) => ({ ...state, outbox: [...items, ...own], pendingReads }));
  }

  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    while (!this.#isStopped) {
      try {
        await this.#readFeed();
        this.#backoff.reset();
        break;
      } catch (error) {
        if (error instanceof ApiError && error.status === 410) {
          const isLost = !isTooOld(error.problem);
          this.#holder.update((state) => forgetHistory(state, isLost));
        } else {
          const advice = error instanceof ApiError ? error.retryAfterMs : null;
          const delay = this.#backoff.nextMs(advice);
          await new Promise((resolve) => setTimeout(resolve, delay));
        }
      }
    }
    this.#isCatchingUp = false;
    const frames = this.#waiting;
    this.#waiting = [];
    if (!this.#isStopped) receiveFrames(this.#holder, frames, this.#onEntry);
  }

  async #readFeed(): Promise<void> {
    const [api, holder] = [this.#api, this.#holder];
    if (holder.state.cursor === null) await loadInbox(api, holder);
    let hasMore = true;
    while (hasMore && !this.#isStopped && holder.state.cursor !== null) {
      const { epoch, cursor } = holder.state;
      const page = await pollFeed(api, cursor);
      if (holder.state.epoch !== epoch) return;
      receiveFrames(holder, page.frames, this.#onEntry);
      hasMore = page.hasMore;
    }
  }
}
