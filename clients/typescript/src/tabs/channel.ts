// What the tabs of one user tell each other.
import type { ClientFrame, ServerFrame } from "../api/schemas.ts";
import type { ConnectionState, OutboxItem, SentMessage } from "../model/state.ts";

export type TabMessage =
  /** A tab has opened, and wants to know where the leader stands. */
  | { type: "hello" }
  /** The leader has received frames; before them, its cursor was `after`. */
  | { type: "frames"; frames: readonly ServerFrame[]; after: string | null }
  /** The leader had to forget the history (410), and reads the inbox again. */
  | { type: "forgotten"; isLost: boolean }
  | { type: "connection"; connection: ConnectionState }
  /** The outbox of the leader, which is the one that is sent. */
  | { type: "outbox"; items: readonly OutboxItem[]; reads: readonly (readonly [string, number])[] }
  /** The server has stored a message. */
  | { type: "sent"; sent: SentMessage }
  /** A tab that is not the leader has the leader do something. */
  | { type: "command"; command: TabCommand }
  /** The user has signed out in another tab. */
  | { type: "signed_out" };

export type TabCommand =
  | { act: "add"; item: OutboxItem; bytes?: Blob }
  | { act: "retry"; id: string }
  | { act: "discard"; id: string }
  | { act: "read"; conversationId: string; upTo: number }
  | { act: "frame"; frame: ClientFrame }
  | { act: "watch"; tab: string; users: readonly string[] };

/** Talks to the other tabs of the user. */
export class TabChannel {
  readonly #channel: BroadcastChannel;

  constructor(name: string, onMessage: (message: TabMessage) => void) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event) => onMessage(event.data as TabMessage);
  }

  post(message: TabMessage): void {
    this.#channel.postMessage(message);
  }

  close(): void {
    this.#channel.close();
  }
}
