// Makes entries and messages for tests.
import type { Entry, InboxConversation, Message } from "../src/index.ts";

export const ME = "me";

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    conversation_id: "c",
    seq,
    position: seq,
    sender: "ann",
    type: "text",
    body: { text: `text ${seq}` },
    reply_to: null,
    thread: null,
    mentions: [],
    sent_at: new Date(seq * 1_000).toISOString(),
    edited_at: null,
    recalled: false,
    reactions: {},
    ...change,
  } as Message;
}

export function sent(position: number, seq: number, change: Partial<Message> = {}): Entry {
  const id = change.conversation_id ?? "c";
  return entry(position, "message_sent", message(seq, { position, ...change }), id);
}

export function entry<Type extends Entry["type"]>(
  position: number,
  type: Type,
  data: Extract<Entry, { type: Type }>["data"],
  conversation: string | null = "c",
): Entry {
  const at = new Date(position * 1_000).toISOString();
  return { position, type, conversation_id: conversation, at, data } as unknown as Entry;
}

export function created(position: number, id = "c"): Entry {
  const data = {
    id,
    kind: "group" as const,
    title: id,
    history: "all" as const,
    by: "ann",
    member_count: 2,
    members: ["ann", ME],
  };
  return entry(position, "conversation_created", data, id);
}

export function summary(id: string, change: Partial<InboxConversation> = {}): InboxConversation {
  return {
    id,
    kind: "group",
    title: id,
    avatar: null,
    member_count: 2,
    last_message: null,
    unread: 0,
    mentions: 0,
    read_seq: 0,
    muted: false,
    pinned: false,
    archived: false,
    activity: 1,
    ...change,
  };
}
