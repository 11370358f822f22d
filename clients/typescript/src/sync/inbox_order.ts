// Keeps the lists of the inbox in order while rows come, change and go.
import type { ClientState, Conversation, InboxState } from "../model/state.ts";

/** Puts a row into the state, or replaces it; the lists and the total follow. */
export function putRow(state: ClientState, row: Conversation): ClientState {
  const before = state.conversations.get(row.id);
  if (before === row) return state;
  const conversations = state.conversations.set(row.id, row);
  const inbox = moveRow(state, before, row);
  const total = inbox.totalUnread + badge(row) - (before ? badge(before) : 0);
  return {
    ...state,
    conversations,
    inbox: total === inbox.totalUnread ? inbox : { ...inbox, totalUnread: total },
  };
}

export function removeRow(state: ClientState, id: string): ClientState {
  const before = state.conversations.get(id);
  if (!before) return state;
  const list = listOf(before);
  const ids = without(state.inbox[list], id);
  const totalUnread = state.inbox.totalUnread - badge(before);
  const inbox = { ...state.inbox, [list]: ids, totalUnread };
  return { ...state, conversations: state.conversations.delete(id), inbox };
}

/** What a row adds to the total. */
function badge(row: Conversation): number {
  return row.muted || row.archived ? 0 : row.unread;
}

function listOf(row: Conversation): "order" | "archived" {
  return row.archived ? "archived" : "order";
}

function moveRow(
  state: ClientState,
  before: Conversation | undefined,
  row: Conversation,
): InboxState {
  let { inbox } = state;
  if (before) {
    const stays =
      before.archived === row.archived &&
      before.pinned === row.pinned &&
      before.activity === row.activity;
    if (stays) return inbox;
    inbox = { ...inbox, [listOf(before)]: without(inbox[listOf(before)], row.id) };
  }
  const list = listOf(row);
  const ids = [...inbox[list]];
  const isBefore = (id: string) => comesBefore(state.conversations.get(id)!, row);
  ids.splice(partitionPoint(ids, isBefore), 0, row.id);
  return { ...inbox, [list]: ids };
}

/** Pinned first, then by latest activity, as the server orders them. */
export function comesBefore(a: Conversation, b: Conversation): boolean {
  if (a.pinned !== b.pinned) return a.pinned;
  return a.activity > b.activity;
}

function without(ids: readonly string[], id: string): readonly string[] {
  const index = ids.indexOf(id);
  return index < 0 ? ids : [...ids.slice(0, index), ...ids.slice(index + 1)];
}

/** The number of leading items for which the predicate holds. */
export function partitionPoint<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
