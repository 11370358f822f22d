// The outbox as part of the state: pure changes of its items.
import { positionOf } from "../sync/cursor.ts";
import type { ClientState, ErrorInfo, OutboxItem } from "../model/state.ts";

export function addItem(state: ClientState, item: OutboxItem): ClientState {
  if (state.outbox.some((other) => other.id === item.id)) return state;
  return { ...state, outbox: [...state.outbox, item] };
}

export function removeItem(state: ClientState, id: string): ClientState {
  const outbox = state.outbox.filter((item) => item.id !== id);
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

export function changeItem(
  state: ClientState,
  id: string,
  change: (item: OutboxItem) => OutboxItem,
): ClientState {
  let isChanged = false;
  const outbox = state.outbox.map((item) => {
    if (item.id !== id) return item;
    const changed = change(item);
    isChanged ||= changed !== item;
    return changed;
  });
  return isChanged ? { ...state, outbox } : state;
}

/** Changes an item whose request has ended, unless it has been given up or failed meanwhile. */
export function endRequest(
  state: ClientState,
  id: string,
  change: (item: OutboxItem) => OutboxItem,
): ClientState {
  return changeItem(state, id, (item) => (item.status === "sending" ? change(item) : item));
}

export function failItem(state: ClientState, id: string, error: ErrorInfo): ClientState {
  return endRequest(state, id, (item) => ({ ...item, status: "failed", error }));
}

/** Its request got no answer: it is sent again. */
export function requeueItem(state: ClientState, id: string): ClientState {
  return endRequest(state, id, (item) => ({ ...item, status: "queued" }));
}

/**
 * The next item to send: the oldest one that waits, of a conversation where nothing is on its
 * way. So messages of a conversation are stored in the order in which the user wrote them.
 */
export function nextItem(
  state: ClientState,
  mayGo: (conversationId: string) => boolean,
): OutboxItem | undefined {
  const busy = new Set<string>();
  for (const item of state.outbox) {
    const { conversationId: id } = item;
    if (item.status === "queued" && !busy.has(id) && mayGo(id)) return item;
    if (item.status === "sending" || item.status === "queued") busy.add(id);
  }
  return undefined;
}

/** Removes what the server has stored once the entries up to there have been applied. */
export function settleItems(state: ClientState): ClientState {
  const reached = positionOf(state.cursor);
  const isSettled = (item: OutboxItem) =>
    item.status === "sent" && item.position !== null && item.position <= reached;
  if (!state.outbox.some(isSettled)) return state;
  return { ...state, outbox: state.outbox.filter((item) => !isSettled(item)) };
}

/**
 * What was on its way when the connection was lost, or was stored but has not come back as an
 * entry, is sent again: the server recognises its key. Only so does it survive a server that has
 * lost its newest events.
 */
export function requeueItems(state: ClientState): ClientState {
  if (!state.outbox.some((item) => item.status === "sent")) return state;
  const outbox = state.outbox.map((item) =>
    item.status === "sent" ? { ...item, status: "queued" as const, position: null } : item,
  );
  return { ...state, outbox };
}
