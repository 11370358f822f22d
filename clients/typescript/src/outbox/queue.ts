// The outbox as part of the state: pure changes of its items.
import { positionOf } from "../sync/cursor.ts";
import type { ClientState, ErrorInfo, FileUpload, OutboxItem, SendItem } from "../model/state.ts";

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

/** Whether the file of an item has to be uploaded before anything else. */
export function needsUpload(item: OutboxItem): item is SendItem & { upload: FileUpload } {
  return item.kind === "send" && item.upload !== undefined && !item.upload.isStored;
}

/** The next item whose file is to be uploaded. */
export function nextUpload(state: ClientState): (SendItem & { upload: FileUpload }) | undefined {
  return state.outbox.filter(needsUpload).find((item) => item.status === "queued");
}

/**
 * The next item to send: the oldest one that waits, of a conversation where nothing is on its
 * way. So messages of a conversation are stored in the order in which the user wrote them. A file
 * that is still being uploaded holds up only the files after it.
 */
export function nextItem(
  state: ClientState,
  mayGo: (conversationId: string) => boolean,
): OutboxItem | undefined {
  const busy = new Set<string>();
  const uploading = new Set<string>();
  for (const item of state.outbox) {
    const { conversationId: id, status } = item;
    if (status === "failed" || status === "sent") continue;
    const isFile = item.kind === "send" && item.upload !== undefined;
    if (needsUpload(item)) uploading.add(id);
    else if (!isFile || !uploading.has(id)) {
      if (status === "queued" && !busy.has(id) && mayGo(id)) return item;
      busy.add(id);
    }
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

/** What another tab, or an earlier run, has begun and not ended is begun again. */
export function requeueInterrupted(state: ClientState): ClientState {
  const isInterrupted = ({ status }: OutboxItem) => status === "sending" || status === "uploading";
  if (!state.outbox.some(isInterrupted)) return state;
  const outbox = state.outbox.map((item) =>
    isInterrupted(item) ? { ...item, status: "queued" as const } : item,
  );
  return { ...state, outbox };
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
