// Fetches again what entries have made uncertain.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError, isTemporary } from "../api/problem.ts";
import type { StateHolder } from "../model/state_holder.ts";
import type { ListName } from "../model/state.ts";
import { answerPosition } from "./answer.ts";
import { applyHistoryPage } from "./apply_page.ts";
import { loadDetails, loadList, loadMembers, loadPins } from "./loads.ts";
import { refreshRows } from "./refresh_rows.ts";
import { markFresh, messageKey, parseMessageKey, type PartKind } from "./stale.ts";

/** Entries come in bursts; a burst is answered by one fetch. */
const GATHER_MS = 60;
const RETRY_MS = 2_000;

export class Refresher {
  readonly #api: Api;
  readonly #holder: StateHolder;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #stop: (() => void) | undefined;

  constructor(api: Api, holder: StateHolder) {
    this.#api = api;
    this.#holder = holder;
  }

  start(): void {
    this.#stop ??= this.#holder.subscribe(
      (state) => state.stale,
      () => this.#schedule(GATHER_MS),
    );
    this.#schedule(0);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#isRunning || !this.#stop) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#run();
    }, delayMs);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const before = this.#holder.state.stale;
    let delay = GATHER_MS;
    try {
      await this.#refreshAll();
    } catch {
      // Without an answer everything stays noted, and is tried again.
      delay = RETRY_MS;
    }
    this.#isRunning = false;
    const { stale } = this.#holder.state;
    if (this.#hasWork()) this.#schedule(stale === before ? RETRY_MS : delay);
  }

  #hasWork(): boolean {
    const { rows, messages, lists, parts } = this.#holder.state.stale;
    return rows.size + messages.size + lists.size + parts.size > 0;
  }

  async #refreshAll(): Promise<void> {
    const [api, holder] = [this.#api, this.#holder];
    if (holder.state.stale.rows.size > 0) await refreshRows(api, holder);
    for (const [key, position] of holder.state.stale.messages) {
      await this.#refreshMessage(key, position);
    }
    for (const [key, position] of holder.state.stale.parts) await this.#refreshPart(key, position);
    for (const [name, position] of holder.state.stale.lists) {
      await loadList(api, holder, name as ListName, position);
    }
  }

  async #refreshMessage(key: string, needed: number): Promise<void> {
    const [api, holder] = [this.#api, this.#holder];
    const { conversationId: id, seq } = parseMessageKey(key);
    const { epoch } = holder.state;
    try {
      const params = { path: { id, seq }, query: { min_position: `${needed}` } };
      const answer = await api.GET("/v1/conversations/{id}/messages/{seq}", { params });
      const page = { messages: [unwrap(answer)], covers: null, headSeq: null };
      const position = answerPosition(answer.response);
      if (holder.state.epoch !== epoch) return;
      holder.update((state) => {
        // A conversation that was left meanwhile must not come back.
        if (!state.timelines.has(id)) return markFresh(state, "messages", key, position);
        return applyHistoryPage(state, id, { ...page, position });
      });
    } catch (error) {
      if (isTemporary(error)) throw error;
      this.#forgetMessage(id, seq, needed);
    }
  }

  /** The caller may not see the message: it was cleared, or the conversation left. */
  #forgetMessage(id: string, seq: number, position: number): void {
    this.#holder.update((state) => {
      const fresh = markFresh(state, "messages", messageKey(id, seq), position);
      const timeline = fresh.timelines.get(id);
      if (!timeline?.messages.has(seq)) return fresh;
      const messages = timeline.messages.delete(seq);
      return { ...fresh, timelines: fresh.timelines.set(id, { ...timeline, messages }) };
    });
  }

  async #refreshPart(key: string, needed: number): Promise<void> {
    const [api, holder] = [this.#api, this.#holder];
    const slash = key.indexOf("/");
    const id = key.slice(slash + 1);
    const load = { details: loadDetails, members: loadMembers, pins: loadPins };
    try {
      await load[key.slice(0, slash) as PartKind](api, holder, id, needed);
    } catch (error) {
      if (!(error instanceof ApiError) || error.isTemporary) throw error;
      holder.update((state) => markFresh(state, "parts", key, needed));
    }
  }
}
