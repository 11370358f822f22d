// What the rows of messages need to know of the conversation and can do in it. It is one object
// that changes rarely, so that rows are not drawn again for nothing.
import type { ConversationKind, Role, StoredMessage } from "@tidings/client";

export interface MessageContext {
  conversation: string;
  kind: ConversationKind;
  /** Null until the details are loaded. */
  role: Role | null;
  /** Whether the user may write, edit and react here. */
  canWrite: boolean;
  /** The seqs of the pinned messages. */
  pinned: ReadonlySet<number>;
  /** Whether this is the list of replies of a thread. */
  inThread: boolean;
  readingPause: { current: boolean };
  reply: (message: StoredMessage) => void;
  edit: (message: StoredMessage) => void;
  jumpTo: (seq: number) => void;
  /** Shows the image of a message large. */
  view: (seq: number) => void;
}

/** Whether the user may do what only the owner and admins of a group may. */
export function isModerator({ role }: MessageContext): boolean {
  return role === "owner" || role === "admin";
}
