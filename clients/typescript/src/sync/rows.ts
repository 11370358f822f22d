// Applies entries to the rows of the inbox.
//
// Why a badge is exact. A row is what the server said at `row.position`, in one snapshot, plus the
// entries after that position, each once: an entry at or before `row.position` is part of the row
// already and is skipped. Only those entries are added up whose effect follows from the entry
// alone: a message of somebody else adds one, a message of the caller moves the read mark to the
// newest message, and so does a read mark at or past the newest countable message. All others that
// can change a count (a recall of an unread message, a mark in the middle, a clear, a rejoin) make
// the row stale: it keeps the count, which was exact at an earlier position, until the server has
// been asked at or after the position of the entry. So a badge is never a guess.
import type { Entry, LastMessage, Message, MessageBody, Policy } from "../api/schemas.ts";
import type { ClientState, Conversation } from "../model/state.ts";
import { putRow, removeRow } from "./inbox_order.ts";
import { markFresh, markStale } from "./stale.ts";

const PREVIEW_CHARACTERS = 120;

/** What an entry makes of a row. */
type RowChange = { row: Conversation; isStale?: boolean } | "left";

export function applyToRow(state: ClientState, entry: Entry): ClientState {
  const id = entry.conversation_id;
  if (id === null) return state;
  const row = state.conversations.get(id);
  if (!row) return applyToUnknownRow(state, id, entry);
  if (entry.position <= row.position) {
    // The row is of a later stay, but nothing that was stored earlier has been kept up to date.
    return isDeparture(entry, state.me) ? forgetParts(state, id) : state;
  }
  const change = changeRow(row, entry, state.me);
  if (change === "left") return dropConversation(state, id, entry.position);
  const next = putRow(state, { ...change.row, position: entry.position });
  return change.isStale ? markStale(next, "rows", id, entry.position) : next;
}

function applyToUnknownRow(state: ClientState, id: string, entry: Entry): ClientState {
  if (isDeparture(entry, state.me)) return dropConversation(state, id, entry.position);
  if (entry.type !== "conversation_created") {
    return markStale(state, "rows", id, entry.position);
  }
  const { kind, title, member_count, peer } = entry.data;
  if (member_count === undefined) return markStale(state, "rows", id, entry.position);
  return putRow(state, {
    id,
    kind,
    title: kind === "direct" ? null : title,
    avatar: null,
    peer: peer ?? null,
    memberCount: member_count,
    lastMessage: null,
    unread: 0,
    mentions: 0,
    readSeq: 0,
    muted: false,
    pinned: false,
    archived: false,
    activity: entry.position,
    position: entry.position,
    details: null,
  });
}

function changeRow(row: Conversation, entry: Entry, me: string): RowChange {
  switch (entry.type) {
    case "message_sent":
      return { row: withMessage(row, entry.data, entry.position, me) };
    case "message_edited":
      return { row: withEdit(row, entry.data.seq, entry.data.body) };
    case "message_recalled":
      return withRecall(row, entry.data.seq);
    case "message_restored":
    case "message_erased":
      return { row, isStale: isCountedOrLast(row, entry.data.seq) };
    case "conversation_cleared":
      return { row, isStale: true };
    case "conversation_read":
      return entry.data.user === me ? withReadMark(row, entry.data.read_seq) : { row };
    case "preferences_changed": {
      const { muted, pinned, archived } = entry.data;
      return { row: { ...row, muted, pinned, archived } };
    }
    case "conversation_changed":
      return { row: withTitle(row, entry.data) };
    case "conversation_policy_changed":
      return { row: withPolicy(row, entry.data.policy) };
    case "member_role_changed":
      return {
        row: entry.data.user === me ? withDetails(row, { role: entry.data.role }) : row,
      };
    case "member_added":
      if (entry.data.user === me) return { row, isStale: true };
      return { row: { ...row, memberCount: row.memberCount + 1 } };
    case "member_removed":
      if (entry.data.user === me) return "left";
      return { row: { ...row, memberCount: row.memberCount - 1 } };
    default:
      return { row };
  }
}

function withMessage(
  row: Conversation,
  message: Message,
  position: number,
  me: string,
): Conversation {
  const isOwn = message.sender === me;
  const read = isOwn ? { unread: 0, mentions: 0, readSeq: message.seq } : {};
  if (message.type === "control") return { ...row, ...read };
  const isMention = message.mentions.includes(me);
  // A page of history can have shown the message, and the app can have marked it as read.
  const isUnread = !isOwn && message.seq > row.readSeq;
  const counted = isUnread
    ? { unread: row.unread + 1, mentions: row.mentions + (isMention ? 1 : 0) }
    : read;
  const lastMessage = summarize(message);
  return { ...row, ...counted, lastMessage, activity: position };
}

function summarize(message: Message): LastMessage {
  return {
    seq: message.seq,
    sender: message.sender,
    type: message.type,
    preview: message.recalled ? null : previewOf(message.type, message.body),
    sent_at: message.sent_at,
    recalled: message.recalled,
  };
}

/** The first code points of a text, or of the name of any other message that has one. */
export function previewOf(type: Message["type"], body: MessageBody | null): string | null {
  const key = type === "text" ? "text" : "name";
  const shown: unknown = body && (body as { [key: string]: unknown })[key];
  if (typeof shown !== "string") return null;
  if (shown.length <= PREVIEW_CHARACTERS) return shown;
  return [...shown].slice(0, PREVIEW_CHARACTERS).join("");
}

function withEdit(row: Conversation, seq: number, body: MessageBody | null): Conversation {
  const last = row.lastMessage;
  if (last?.seq !== seq || last.recalled || body === null) return row;
  return { ...row, lastMessage: { ...last, preview: previewOf(last.type, body) } };
}

function withRecall(row: Conversation, seq: number): RowChange {
  const last = row.lastMessage;
  const isStale = seq > row.readSeq;
  if (last?.seq !== seq) return { row, isStale };
  return { row: { ...row, lastMessage: { ...last, preview: null, recalled: true } }, isStale };
}

function isCountedOrLast(row: Conversation, seq: number): boolean {
  return seq > row.readSeq || seq === row.lastMessage?.seq;
}

/**
 * A mark that is lower than the row's may have been overtaken by a message of the caller, or may
 * be a deliberate "mark as unread": the entry does not tell, so the server is asked.
 */
function withReadMark(row: Conversation, readSeq: number): RowChange {
  if (readSeq === row.readSeq) return { row };
  if (readSeq > row.readSeq && readSeq >= (row.lastMessage?.seq ?? 0)) {
    return { row: { ...row, readSeq, unread: 0, mentions: 0 } };
  }
  return { row, isStale: true };
}

function withTitle(
  row: Conversation,
  { title, history }: { title: string | null; history: "all" | "since_join" },
): Conversation {
  return withDetails({ ...row, title: row.kind === "direct" ? null : title }, { history });
}

function withPolicy(row: Conversation, policy: Policy): Conversation {
  return withDetails({ ...row, avatar: policy.avatar }, { policy });
}

function withDetails(
  row: Conversation,
  change: Partial<NonNullable<Conversation["details"]>>,
): Conversation {
  return row.details ? { ...row, details: { ...row.details, ...change } } : row;
}

/** Whether it ends a stay of the caller. */
export function isDeparture(entry: Entry, me: string): boolean {
  return entry.type === "member_removed" && entry.data.user === me;
}

/** Forgets a conversation that the caller has left: nothing of it may be seen any longer. */
export function dropConversation(state: ClientState, id: string, position: number): ClientState {
  return markFresh(forgetParts(removeRow(state, id), id), "rows", id, position);
}

function forgetParts(state: ClientState, id: string): ClientState {
  let threads = state.threads;
  for (const [key, thread] of threads) {
    if (thread.conversationId === id) threads = threads.delete(key);
  }
  return {
    ...state,
    timelines: state.timelines.delete(id),
    members: state.members.delete(id),
    receipts: state.receipts.delete(id),
    pins: state.pins.delete(id),
    typing: state.typing.delete(id),
    pendingReads: state.pendingReads.delete(id),
    threads,
  };
}
