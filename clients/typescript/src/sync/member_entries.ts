// Applies entries to members, receipts and those who type.
import type { Entry } from "../api/schemas.ts";
import type { ClientState, MemberList, MemberState, ReceiptMarks } from "../model/state.ts";
import { markStale, partKey } from "./stale.ts";

const NO_MARKS: ReceiptMarks = { delivered: {}, read: {} };

export function applyToMembers(state: ClientState, entry: Entry): ClientState {
  const id = entry.conversation_id;
  if (id === null) return state;
  switch (entry.type) {
    case "message_sent": {
      const next = raiseMark(state, id, "read", entry.data.sender, entry.data.seq);
      return stopTyping(next, id, entry.data.sender);
    }
    case "conversation_read":
      return raiseMark(state, id, "read", entry.data.user, entry.data.read_seq);
    case "delivered":
      return raiseMark(state, id, "delivered", entry.data.user, entry.data.position);
    case "member_added":
    case "member_role_changed":
    case "member_removed":
      return applyToList(state, id, entry);
    default:
      return state;
  }
}

/** Receipts never go back, and the caller's own say nothing. */
export function raiseMark(
  state: ClientState,
  id: string,
  kind: keyof ReceiptMarks,
  user: string,
  mark: number,
): ClientState {
  if (user === state.me) return state;
  const marks = state.receipts.get(id) ?? NO_MARKS;
  if ((marks[kind][user] ?? 0) >= mark) return state;
  const raised = { ...marks, [kind]: { ...marks[kind], [user]: mark } };
  return { ...state, receipts: state.receipts.set(id, raised) };
}

export function stopTyping(state: ClientState, id: string, user: string): ClientState {
  const users = state.typing.get(id);
  if (!users?.includes(user)) return state;
  const others = users.filter((other) => other !== user);
  const typing = others.length > 0 ? state.typing.set(id, others) : state.typing.delete(id);
  return { ...state, typing };
}

function applyToList(
  state: ClientState,
  id: string,
  entry: Extract<Entry, { type: "member_added" | "member_removed" | "member_role_changed" }>,
): ClientState {
  const { user } = entry.data;
  const next = entry.type === "member_removed" ? forgetMarks(state, id, user) : state;
  const list = next.members.get(id);
  if (!list || entry.position <= list.position) return next;
  // Only the pages tell where a member comes who is not loaded.
  if (entry.type !== "member_removed" && list.next !== null && !holds(list, user)) return next;
  const members = changeMembers(list.members, entry);
  const changed = { ...list, members, position: entry.position };
  const stored = { ...next, members: next.members.set(id, changed) };
  // A departure can make somebody else the owner; an entry of its own says so.
  return entry.type === "member_removed" && list.next === user
    ? markStale(stored, "parts", partKey("members", id), entry.position)
    : stored;
}

function holds(list: MemberList, user: string): boolean {
  return list.members.some((member) => member.user === user);
}

function changeMembers(
  members: readonly MemberState[],
  entry: Extract<Entry, { type: "member_added" | "member_removed" | "member_role_changed" }>,
): readonly MemberState[] {
  const { user } = entry.data;
  if (entry.type === "member_removed") return members.filter((member) => member.user !== user);
  const { role } = entry.data;
  if (entry.type === "member_role_changed") {
    return members.map((member) => (member.user === user ? { ...member, role } : member));
  }
  const others = members.filter((member) => member.user !== user);
  return [...others, { user, role, joinedAt: entry.at }];
}

function forgetMarks(state: ClientState, id: string, user: string): ClientState {
  const marks = state.receipts.get(id);
  if (!marks || !(user in marks.delivered || user in marks.read)) return state;
  const { [user]: _delivered, ...delivered } = marks.delivered;
  const { [user]: _read, ...read } = marks.read;
  return { ...state, receipts: state.receipts.set(id, { delivered, read }) };
}
