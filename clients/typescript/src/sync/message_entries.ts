// Applies entries to messages.
//
// A stored message shows the server's at `asOf`: entries up to there are part of it. An entry
// carries the message as it is when it is served, which may be later than its position; then the
// entries that follow repeat what it has already, and each of them can be repeated harmlessly.
import type { Entry, Message } from "../api/schemas.ts";
import { withReaction, withoutReaction } from "../model/message_change.ts";
import { threadKey } from "../model/selectors.ts";
import type { ClientState, StoredMessage, Timeline } from "../model/state.ts";
import { markStale, messageKey, partKey } from "./stale.ts";
import { storeMessage } from "./stored_message.ts";
import { EMPTY_TIMELINE, addSentMessage, changeMessage, forgetUpTo } from "./timeline.ts";

const LISTED_REPLIERS = 5;

export function applyToMessages(state: ClientState, entry: Entry): ClientState {
  const id = entry.conversation_id;
  if (id === null) return state;
  switch (entry.type) {
    case "message_sent":
      return applySent(state, id, entry.data, entry.position);
    case "message_edited":
      return update(state, id, entry.data.seq, entry.position, (message) =>
        message.recalled
          ? message
          : { ...message, body: entry.data.body, edited_at: entry.data.edited_at },
      );
    case "message_recalled":
      return touchRoots(
        update(state, id, entry.data.seq, entry.position, (message) => ({
          ...message,
          body: null,
          recalled: true,
        })),
        id,
        entry.data.seq,
        entry.position,
      );
    case "message_restored":
    case "message_erased":
      return touchRoots(
        refetch(state, id, entry.data.seq, entry.position),
        id,
        entry.data.seq,
        entry.position,
      );
    case "reaction_added":
    case "reaction_removed":
      return applyReaction(state, id, entry);
    case "message_pinned":
    case "message_unpinned":
      if (!state.pins.has(id)) return state;
      return markStale(state, "parts", partKey("pins", id), entry.position);
    case "conversation_cleared":
      return applyCleared(state, id, entry.data.up_to, entry.position);
    default:
      return state;
  }
}

function applySent(
  state: ClientState,
  id: string,
  message: Message,
  position: number,
): ClientState {
  const stored = storeMessage(message, position, state.me);
  const before = state.timelines.get(id) ?? EMPTY_TIMELINE;
  let next = putTimeline(state, id, addSentMessage(before, stored));
  if (message.client_message_id) next = settleSend(next, message.client_message_id);
  return message.thread === null ? next : applyReply(next, id, stored, message.thread);
}

/** The message has arrived: the outbox need not show it any longer. */
function settleSend(state: ClientState, clientMessageId: string): ClientState {
  const outbox = state.outbox.filter((item) => item.id !== clientMessageId);
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

function applyReply(
  state: ClientState,
  id: string,
  reply: StoredMessage,
  root: number,
): ClientState {
  const next = update(state, id, root, reply.position, (message) => {
    const replies = message.replies ?? { count: 0, last_seq: null, users: [] };
    // Control messages are replies like others, but the summary does not count them.
    if (reply.type === "control") return message;
    if (reply.seq <= (replies.last_seq ?? 0)) return message;
    const others = replies.users.filter((user) => user !== reply.sender);
    const users = [reply.sender, ...others].slice(0, LISTED_REPLIERS);
    return { ...message, replies: { count: replies.count + 1, last_seq: reply.seq, users } };
  });
  const key = threadKey(id, root);
  const thread = next.threads.get(key);
  if (!thread || reply.seq <= (thread.seqs.at(-1) ?? 0)) return next;
  const grown = { ...thread, seqs: [...thread.seqs, reply.seq], position: reply.position };
  return { ...next, threads: next.threads.set(key, grown) };
}

function applyReaction(
  state: ClientState,
  id: string,
  entry: Extract<Entry, { type: "reaction_added" | "reaction_removed" }>,
): ClientState {
  const { seq, key, user } = entry.data;
  const reaction = state.timelines.get(id)?.messages.get(seq)?.reactions[key];
  // Of many users only the first are listed, so it is not known whether this one is counted.
  if (reaction && reaction.count > reaction.users.length) {
    return refetch(state, id, seq, entry.position);
  }
  const change = entry.type === "reaction_added" ? withReaction : withoutReaction;
  return update(state, id, seq, entry.position, (message) =>
    change(message, key, user, state.me),
  );
}

function applyCleared(
  state: ClientState,
  id: string,
  upTo: number,
  position: number,
): ClientState {
  const timeline = state.timelines.get(id);
  let next = timeline ? putTimeline(state, id, forgetUpTo(timeline, upTo)) : state;
  for (const [key, thread] of next.threads) {
    if (thread.conversationId !== id) continue;
    if (thread.root <= upTo) next = { ...next, threads: next.threads.delete(key) };
  }
  if (!next.pins.has(id)) return next;
  return markStale(next, "parts", partKey("pins", id), position);
}

/**
 * A reply that is recalled, restored or erased changes the summary of its root. Of a reply that is
 * not stored, the root is not known: it is one of the messages that have replies up to there.
 */
function touchRoots(
  state: ClientState,
  id: string,
  seq: number,
  position: number,
): ClientState {
  const timeline = state.timelines.get(id);
  if (!timeline) return state;
  const message = timeline.messages.get(seq);
  if (message) {
    return message.thread === null ? state : refetch(state, id, message.thread, position);
  }
  let next = state;
  for (const { seq: root, replies } of timeline.messages.values()) {
    if (root < seq && seq <= (replies?.last_seq ?? 0)) next = refetch(next, id, root, position);
  }
  return next;
}

/** Notes that a message must be fetched again, if it is stored. */
function refetch(state: ClientState, id: string, seq: number, position: number): ClientState {
  const message = state.timelines.get(id)?.messages.get(seq);
  if (!message || message.asOf >= position) return state;
  return markStale(state, "messages", messageKey(id, seq), position);
}

function update(
  state: ClientState,
  id: string,
  seq: number,
  position: number,
  change: (message: StoredMessage) => StoredMessage,
): ClientState {
  const timeline = state.timelines.get(id);
  if (!timeline) return state;
  const after = changeMessage(timeline, seq, (message) => {
    if (message.asOf >= position) return message;
    const changed = change(message);
    return changed === message ? message : { ...changed, asOf: position };
  });
  return putTimeline(state, id, after);
}

function putTimeline(state: ClientState, id: string, timeline: Timeline): ClientState {
  if (state.timelines.get(id) === timeline) return state;
  return { ...state, timelines: state.timelines.set(id, timeline) };
}
