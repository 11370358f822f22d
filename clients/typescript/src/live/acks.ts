// Acknowledges what has been applied, so that the senders see it as delivered and the server does
// not repeat it.
import type { Api } from "../api/create_api.ts";
import type { ClientFrame } from "../api/schemas.ts";
import type { StateHolder } from "../model/state_holder.ts";

/** One acknowledgement covers all entries so far: those of a moment are acknowledged together. */
const GATHER_MS = 400;

export interface AckOptions {
  api: Api;
  holder: StateHolder;
  device: string;
  send: (frame: ClientFrame) => boolean;
}

export class Acks {
  readonly #options: AckOptions;
  #acked: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AckOptions) {
    this.#options = options;
  }

  /** The cursor may have moved. */
  note(): void {
    const { cursor } = this.#options.holder.state;
    if (cursor === null || cursor === this.#acked) return;
    this.#timer ??= setTimeout(() => this.#send(), GATHER_MS);
  }

  /** Sends what is gathered, before a connection is closed. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#send();
  }

  /** Forgets what was acknowledged: over a connection that was lost, it may not have arrived. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#acked = null;
  }

  #send(): void {
    this.#timer = undefined;
    const { api, holder, device, send } = this.#options;
    const { cursor } = holder.state;
    if (cursor === null || cursor === this.#acked) return;
    this.#acked = cursor;
    if (send({ type: "ack", cursor })) return;
    // Without a socket the acknowledgement is a call; the next one repeats one that fails.
    void api.POST("/v1/inbox/ack", { body: { device, cursor } }).catch(() => {
      this.#acked = null;
    });
  }
}
