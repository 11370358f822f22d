// What an answer of the server makes of the state. Each answer shows the log position at which it
// was read (`Tidings-Position`): what is known as of a later one stays.
import type { ConversationDetails, Member, Message } from "../api/schemas.ts";
import { threadKey } from "../model/selectors.ts";
import type { ClientState, SeqRange } from "../model/state.ts";
import { putRow } from "./inbox_order.ts";
import { raiseMark } from "./member_entries.ts";
import { markFresh, messageKey, partKey } from "./stale.ts";
import { storeMessage } from "./stored_message.ts";
import { EMPTY_TIMELINE, addPage } from "./timeline.ts";

/** A page of history with what it covers. */
export interface HistoryPage {
  readonly messages: readonly Message[];
  readonly position: number;
  readonly covers: SeqRange | null;
  readonly headSeq: number | null;
}

export function applyHistoryPage(state: ClientState, id: string, page: HistoryPage): ClientState {
  const stored = page.messages.map((message) => storeMessage(message, page.position, state.me));
  const before = state.timelines.get(id) ?? EMPTY_TIMELINE;
  const after = addPage(before, { ...page, messages: stored });
  let next: ClientState = { ...state, timelines: state.timelines.set(id, after) };
  for (const { seq } of stored) {
    next = markFresh(next, "messages", messageKey(id, seq), page.position);
  }
  const arrived = new Set(stored.map((message) => message.client_message_id));
  const outbox = next.outbox.filter((item) => item.kind !== "send" || !arrived.has(item.id));
  return outbox.length === next.outbox.length ? next : { ...next, outbox };
}

/** What a page covers: everything between its ends, and beyond an end where nothing follows. */
export function coverage(
  messages: readonly Message[],
  hasMore: boolean,
  request: { before?: number } | { after: number } | { limit: number },
): { covers: SeqRange | null; headSeq: number | null } {
  const seqs = messages.map((message) => message.seq);
  const [least, most] = [Math.min(...seqs), Math.max(...seqs)];
  if ("after" in request) {
    const headSeq = hasMore ? null : Math.max(request.after, ...seqs);
    const covers = seqs.length > 0 ? { from: request.after + 1, to: most } : null;
    return { covers, headSeq };
  }
  const before = "before" in request ? request.before : undefined;
  const to = before === undefined ? most : before - 1;
  const headSeq = before === undefined ? Math.max(0, ...seqs) : null;
  if (seqs.length === 0) {
    return { covers: hasMore || to < 1 ? null : { from: 1, to }, headSeq };
  }
  return { covers: { from: hasMore ? least : 1, to }, headSeq };
}

export function applyDetails(
  state: ClientState,
  details: ConversationDetails,
  position: number,
): ClientState {
  const { id, history, created_at: createdAt, policy, my } = details;
  const next = markFresh(state, "parts", partKey("details", id), position);
  const row = next.conversations.get(id);
  if (!row || row.position > position) return next;
  const more = { history, createdAt, policy, role: my.role, joinedSeq: my.joined_seq };
  return putRow(next, { ...row, details: more });
}

/** Adds a page of members: the first ones, or those after others that are known. */
export function applyMembers(
  state: ClientState,
  id: string,
  page: { members: readonly Member[]; next: string | null; position: number; isFirst: boolean },
): ClientState {
  const before = state.members.get(id);
  const arrived = page.members.map(({ user, role, joined_at }) => ({
    user,
    role,
    joinedAt: joined_at,
  }));
  const users = new Set(arrived.map((member) => member.user));
  const kept = page.isFirst ? [] : (before?.members ?? []).filter(({ user }) => !users.has(user));
  // A later page is added to a list that may be older: entries after the older one apply to both.
  const position = page.isFirst ? page.position : (before?.position ?? page.position);
  const list = { members: [...kept, ...arrived], next: page.next, position };
  let next: ClientState = { ...state, members: state.members.set(id, list) };
  for (const { user, read_seq } of page.members) {
    if (read_seq !== null) next = raiseMark(next, id, "read", user, read_seq);
  }
  return page.isFirst ? markFresh(next, "parts", partKey("members", id), page.position) : next;
}

export function applyPins(
  state: ClientState,
  id: string,
  messages: readonly Message[],
  position: number,
): ClientState {
  const page = { messages, position, covers: null, headSeq: null };
  const next = applyHistoryPage(state, id, page);
  const pins = { seqs: messages.map((message) => message.seq), position };
  return markFresh(
    { ...next, pins: next.pins.set(id, pins) },
    "parts",
    partKey("pins", id),
    position,
  );
}

/** Adds replies of a thread, which come before those that are known, or are the newest ones. */
export function applyThread(
  state: ClientState,
  id: string,
  thread: { root: Message; messages: readonly Message[]; hasOlder: boolean; position: number },
): ClientState {
  const { root, messages, hasOlder, position } = thread;
  const page = { messages: [root, ...messages], position, covers: null, headSeq: null };
  const next = applyHistoryPage(state, id, page);
  const key = threadKey(id, root.seq);
  const known = next.threads.get(key)?.seqs ?? [];
  // Entries may have brought replies while the answer was on its way.
  const stored = [...(next.timelines.get(id)?.messages.values() ?? [])];
  const newer = stored.filter((reply) => reply.thread === root.seq && reply.position > position);
  const found = [...messages, ...newer].map(({ seq }) => seq);
  const seqs = [...new Set([...found, ...known])].sort((a, b) => a - b);
  const loaded = { conversationId: id, root: root.seq, seqs, hasOlder, position };
  return { ...next, threads: next.threads.set(key, loaded) };
}
