// Keeps the client connected: reads the inbox if there is no cursor, follows the feed from the
// cursor, and does what the end of a connection asks for.
import type { Api } from "../api/create_api.ts";
import { unwrap } from "../api/create_api.ts";
import { ApiError, errorInfo, isTooOld } from "../api/problem.ts";
import type { Entry, ServerFrame } from "../api/schemas.ts";
import { forgetHistory } from "../model/initial_state.ts";
import type { ConnectionStatus, ErrorInfo } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { requeueItems } from "../outbox/queue.ts";
import { positionOf } from "../sync/cursor.ts";
import { loadInbox } from "../sync/load_inbox.ts";
import { Acks } from "./acks.ts";
import { Backoff } from "./backoff.ts";
import { receiveFrames } from "./frames.ts";
import { pollFeed } from "./polling.ts";
import { LiveSocket, type SocketEnd } from "./socket.ts";
import { SignedOutError, type TokenKeeper } from "./token_keeper.ts";

/** After so many sockets that never opened, while calls work, the client polls. */
const SOCKET_ATTEMPTS = 3;
const POLL_MS = 3_000;
/** How long to poll before a socket is tried again. */
const POLL_FOR_MS = 60_000;

export interface ConnectionOptions {
  api: Api;
  holder: StateHolder;
  tokens: TokenKeeper;
  url: string;
  device: string;
  WebSocket: typeof globalThis.WebSocket | undefined;
  /** Called after frames have been applied, as for the tabs that follow this one. */
  onFrames: (frames: readonly ServerFrame[], after: string | null) => void;
  onEntry: (entry: Entry) => void;
  onConnected: () => void;
  /** Called after a 410. */
  onForgotten: (isLost: boolean) => void;
}

/** What follows the end of a connection. */
type Next = "retry" | "retry_at_once" | "stop";

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff = new Backoff();
  readonly #acks: Acks;
  #socket: LiveSocket | null = null;
  #isStopped = true;
  #wake: (() => void) | undefined;
  #failedSockets = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { api, device, holder } = options;
    this.#acks = new Acks({ api, device, holder, send: (frame) => this.send(frame) });
  }

  get socket(): LiveSocket | null {
    return this.#socket;
  }

  start(): void {
    if (!this.#isStopped) return this.wake();
    this.#isStopped = false;
    this.#running = this.#running.then(() => this.#run());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#socket) this.#acks.flush();
    this.#socket?.close();
    this.wake();
    await this.#running;
  }

  /** Ends a wait, and makes sure that an open connection still works. */
  wake(): void {
    this.#wake?.();
    this.#socket?.probe();
  }

  send(frame: Parameters<LiveSocket["send"]>[0]): boolean {
    return this.#socket?.send(frame) ?? false;
  }

  async #run(): Promise<void> {
    let next: Next = "retry_at_once";
    while (!this.#isStopped && next !== "stop") {
      try {
        next = await this.#connect();
      } catch (error) {
        next = await this.#handleError(error);
      }
    }
  }

  async #connect(): Promise<Next> {
    const { holder } = this.#options;
    this.#show("connecting");
    if (holder.state.cursor === null) {
      await loadInbox(this.#options.api, holder);
    }
    const { cursor } = holder.state;
    if (this.#isStopped || cursor === null) return "retry";
    const { WebSocket } = this.#options;
    if (WebSocket && this.#failedSockets < SOCKET_ATTEMPTS) {
      return this.#follow(cursor, WebSocket);
    }
    this.#failedSockets = SOCKET_ATTEMPTS - 1;
    return this.#poll();
  }

  async #follow(cursor: string, WebSocket: typeof globalThis.WebSocket): Promise<Next> {
    const { url, device, tokens } = this.#options;
    const token = await tokens.current();
    if (this.#isStopped) return "stop";
    const onFrames = (frames: ServerFrame[]) => this.#receive(frames);
    const options = { url, cursor, device, tokens, WebSocket, onFrames };
    this.#socket = new LiveSocket(options, token);
    const end = await this.#socket.ended;
    this.#socket = null;
    this.#acks.pause();
    this.#failedSockets = end.wasOpen ? 0 : this.#failedSockets + 1;
    return this.#isStopped ? "stop" : this.#handleEnd(end);
  }

  #receive(frames: ServerFrame[]): void {
    this.#apply(frames);
    if (frames.some((frame) => frame.type === "caught_up")) {
      this.#backoff.reset();
      this.#show("live");
    }
  }

  #apply(frames: ServerFrame[]): void {
    const { holder, onFrames, onEntry } = this.#options;
    const { cursor: after, connection } = holder.state;
    if (connection.status === "connecting") this.#connected();
    receiveFrames(holder, frames, onEntry);
    this.#acks.note();
    onFrames(frames, after);
  }

  /** The server accepts the cursor: what is ahead of it must belong to the same history. */
  #connected(): void {
    this.#show("catching_up");
    const { holder, onConnected } = this.#options;
    holder.update(requeueItems);
    onConnected();
    void this.#verifySeen();
  }

  /**
   * Answers can be ahead of the cursor. If the server then loses its newest events, the cursor can
   * still be good while parts of the state show what never happened.
   */
  async #verifySeen(): Promise<void> {
    const { api, holder } = this.#options;
    const { seen, cursor, epoch } = holder.state;
    if (seen === null || positionOf(seen) <= positionOf(cursor)) return;
    try {
      unwrap(await api.GET("/v1/inbox/entries", { params: { query: { after: seen, limit: 1 } } }));
    } catch (error) {
      const isLost = error instanceof ApiError && error.status === 410;
      if (!isLost || holder.state.epoch !== epoch) return;
      this.#forget({});
      this.#socket?.close();
    }
  }

  async #poll(): Promise<Next> {
    const { api, holder, WebSocket } = this.#options;
    const until = Date.now() + POLL_FOR_MS;
    while (!this.#isStopped && (Date.now() < until || !WebSocket)) {
      const { cursor: after, epoch } = holder.state;
      if (after === null) break;
      const { frames, hasMore } = await pollFeed(api, after);
      if (holder.state.epoch !== epoch) break;
      this.#apply(frames);
      this.#backoff.reset();
      if (hasMore) continue;
      this.#show("polling");
      await this.#sleep(POLL_MS);
    }
    return "retry_at_once";
  }

  async #handleEnd({ code, problem }: SocketEnd): Promise<Next> {
    const error = problem && { code: problem.code, status: problem.status, detail: problem.detail };
    switch (code) {
      case 4401:
        await this.#options.tokens.renew("refused");
        return this.#waitToRetry(null, error);
      case 4403:
        return this.#giveUp("refused", error);
      case 4409:
        return this.#giveUp("replaced", error);
      case 4410:
        this.#forget(problem ?? {});
        return "retry_at_once";
      default: {
        const advice = problem?.retry_after;
        return this.#waitToRetry(advice === undefined ? null : advice * 1000, error);
      }
    }
  }

  async #handleError(error: unknown): Promise<Next> {
    if (error instanceof SignedOutError) {
      const detail = error.message;
      return this.#giveUp("signed_out", { code: "signed_out", status: 401, detail });
    }
    if (error instanceof ApiError) {
      if (error.status === 410) {
        this.#forget(error.problem);
        return "retry_at_once";
      }
      if (error.status === 401) return this.#giveUp("signed_out", errorInfo(error));
      if (error.status === 403) return this.#giveUp("refused", errorInfo(error));
    }
    const advice = error instanceof ApiError ? error.retryAfterMs : null;
    return this.#waitToRetry(advice, errorInfo(error));
  }

  /** Only `start` continues. */
  #giveUp(status: ConnectionStatus, error: ErrorInfo | null): Next {
    this.#isStopped = true;
    this.#show(status, error);
    return "stop";
  }

  /** The cursor is of another history, or too old: everything but the outbox is read again. */
  #forget(problem: object): void {
    const isLost = !isTooOld(problem);
    this.#options.holder.update((state) => forgetHistory(state, isLost));
    this.#options.onForgotten(isLost);
  }

  async #waitToRetry(adviceMs: number | null, error: ErrorInfo | null): Promise<Next> {
    const delay = this.#backoff.nextMs(adviceMs);
    this.#show("waiting", error, Date.now() + delay);
    await this.#sleep(delay);
    return "retry";
  }

  #sleep(ms: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #show(status: ConnectionStatus, error: ErrorInfo | null = null, retryAt: number | null = null) {
    this.#options.holder.update((state) => ({
      ...state,
      connection: { ...state.connection, status, error, retryAt },
    }));
  }
}
