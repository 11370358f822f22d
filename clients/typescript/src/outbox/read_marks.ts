// Sends read marks. They are shown at once; of many in a conversation only the last is sent.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError, isTemporary } from "../api/problem.ts";
import { Backoff } from "../live/backoff.ts";
import { SignedOutError } from "../live/token_keeper.ts";
import type { ClientState } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { showPendingRead } from "../sync/apply_inbox.ts";
import { putRow } from "../sync/inbox_order.ts";
import { markStale } from "../sync/stale.ts";

const GATHER_MS = 150;

/** Notes a mark of the caller, and shows it if it covers everything countable. */
export function addReadMark(state: ClientState, id: string, upTo: number): ClientState {
  const row = state.conversations.get(id);
  if (!row || upTo <= row.readSeq || upTo <= (state.pendingReads.get(id) ?? 0)) return state;
  const next = { ...state, pendingReads: state.pendingReads.set(id, upTo) };
  return putRow(next, showPendingRead(next, row));
}

export class ReadMarks {
  readonly #api: Api;
  readonly #holder: StateHolder;
  readonly #backoff = new Backoff();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSending = false;
  #stop: (() => void) | undefined;

  constructor(api: Api, holder: StateHolder) {
    this.#api = api;
    this.#holder = holder;
  }

  start(): void {
    this.#stop ??= this.#holder.subscribe(
      (state) => state.pendingReads,
      () => this.#schedule(GATHER_MS),
    );
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    const hasWork = this.#holder.state.pendingReads.size > 0;
    if (!hasWork || this.#timer !== undefined || this.#isSending || !this.#stop) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#sendAll();
    }, delayMs);
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    let delay = GATHER_MS;
    try {
      for (const [id, upTo] of this.#holder.state.pendingReads) await this.#send(id, upTo);
      this.#backoff.reset();
    } catch (error) {
      delay = this.#backoff.nextMs(error instanceof ApiError ? error.retryAfterMs : null);
    }
    this.#isSending = false;
    this.#schedule(delay);
  }

  async #send(id: string, upTo: number): Promise<void> {
    try {
      const params = { path: { id } };
      const body = { up_to: upTo };
      const answer = await this.#api.POST("/v1/conversations/{id}/read", { params, body });
      const { read_seq, position } = unwrap(answer);
      // The entry of the mark says what is left unread, if the mark was shown only in part.
      this.#holder.update((state) => {
        const next = withoutMark(state, id, upTo);
        const isShown = state.conversations.get(id)?.readSeq === upTo && read_seq !== upTo;
        return isShown ? markStale(next, "rows", id, position) : next;
      });
    } catch (error) {
      if (isTemporary(error) || error instanceof SignedOutError) throw error;
      // The row shows a mark that the server refuses.
      this.#holder.update((state) => {
        const row = state.conversations.get(id);
        const next = withoutMark(state, id, upTo);
        return row ? markStale(next, "rows", id, row.position) : next;
      });
    }
  }
}

function withoutMark(state: ClientState, id: string, upTo: number): ClientState {
  if (state.pendingReads.get(id) !== upTo) return state;
  return { ...state, pendingReads: state.pendingReads.delete(id) };
}
