// What the actions have in common.
import type { Api } from "../api/create_api.ts";
import type { ClientFrame, Entry } from "../api/schemas.ts";
import type { FileActions } from "../client_api.ts";
import type { OutboxItem } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";

/** Where actions put what the connection has to do; in a tab that follows, the leader does it. */
export interface Outgoing {
  /** `bytes` are those of the file that the item uploads. */
  add(item: OutboxItem, bytes?: Blob): void;
  retry(id: string): void;
  discard(id: string): void;
  read(conversationId: string, upTo: number): void;
  frame(frame: ClientFrame): void;
  watch(users: readonly string[]): void;
}

export interface ActionContext {
  readonly api: Api;
  readonly holder: StateHolder;
  readonly outgoing: Outgoing;
  /** Notes that a conversation is in use, so that its messages are the last to be forgotten. */
  readonly touch: (conversationId: string, seq?: number) => void;
  readonly onEntry: (listener: (entry: Entry) => void) => void;
  readonly upload: FileActions["upload"];
}
