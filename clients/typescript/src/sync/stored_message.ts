// The message of the server in the form in which it is stored.
import type { Message } from "../api/schemas.ts";
import type { Reaction, StoredMessage } from "../model/state.ts";

/** `asOf` is the log position that the answer or entry shows. */
export function storeMessage(message: Message, asOf: number, me: string): StoredMessage {
  return {
    conversation_id: message.conversation_id,
    seq: message.seq,
    position: message.position,
    sender: message.sender,
    type: message.type,
    body: message.body,
    reply_to: message.reply_to,
    thread: message.thread,
    mentions: message.mentions,
    sent_at: message.sent_at,
    edited_at: message.edited_at,
    recalled: message.recalled,
    reactions: storeReactions(message.reactions, me),
    replies: message.replies ?? null,
    client_message_id: message.client_message_id ?? null,
    asOf,
  };
}

/** The server lists all users, or, of many, a summary; here it is always the summary. */
function storeReactions(
  reactions: Message["reactions"],
  me: string,
): { readonly [key: string]: Reaction } {
  const stored: Record<string, Reaction> = {};
  for (const [key, value] of Object.entries(reactions)) {
    stored[key] = Array.isArray(value)
      ? { count: value.length, mine: value.includes(me), users: value }
      : { count: value.count, mine: value.mine, users: value.users };
  }
  return stored;
}
