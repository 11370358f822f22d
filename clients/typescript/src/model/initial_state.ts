// The state before anything is known.
import type {
  ClientState,
  ErrorInfo,
  ListName,
  Loaded,
  OutboxItem,
  StaleParts,
} from "./state.ts";
import { PersistentMap } from "./persistent_map.ts";

/** The lists that are loaded when an app asks for them. */
export const LISTS = [
  "contacts",
  "invitations",
  "held",
  "scheduled",
  "followedThreads",
  "desks",
  "sessions",
  "waiting",
] as const satisfies readonly ListName[];

const NOT_LOADED: Loaded<never> = { items: [], loaded: false };

export const NOTHING_STALE: StaleParts = {
  rows: PersistentMap.empty(),
  messages: PersistentMap.empty(),
  lists: PersistentMap.empty(),
  parts: PersistentMap.empty(),
};

export function initialState(me: string): ClientState {
  return {
    me,
    connection: { status: "stopped", leader: null, offline: false, retryAt: null, error: null },
    cursor: null,
    seen: null,
    written: 0,
    epoch: 0,
    inbox: { order: [], archived: [], totalUnread: 0, complete: false },
    conversations: PersistentMap.empty(),
    timelines: PersistentMap.empty(),
    members: PersistentMap.empty(),
    receipts: PersistentMap.empty(),
    pins: PersistentMap.empty(),
    threads: PersistentMap.empty(),
    people: PersistentMap.empty(),
    profile: null,
    contacts: NOT_LOADED,
    invitations: NOT_LOADED,
    held: NOT_LOADED,
    scheduled: NOT_LOADED,
    followedThreads: NOT_LOADED,
    desks: NOT_LOADED,
    sessions: NOT_LOADED,
    waiting: NOT_LOADED,
    typing: PersistentMap.empty(),
    presence: PersistentMap.empty(),
    outbox: [],
    pendingReads: PersistentMap.empty(),
    stale: NOTHING_STALE,
    partial: null,
  };
}

const HISTORY_LOST: ErrorInfo = {
  code: "history_lost",
  status: 410,
  detail: "The server has lost its newest events. Look at the message, and try again.",
};

/**
 * The state after a `410`: what the feed has brought is forgotten. What does not depend on it
 * stays, above all the messages of the outbox; what was sent is sent again, and the server
 * recognises it.
 *
 * If the history is lost, a seq can name another message than before: then a change of a message
 * fails visibly instead of hitting another one, and read marks are dropped. If the client was only
 * away for longer than entries are kept, seqs name what they did.
 */
export function forgetHistory(state: ClientState, isLost: boolean): ClientState {
  const { lists } = NOTHING_STALE;
  const loaded = LISTS.filter((name) => state[name].loaded).map((name) => [name, 0] as const);
  const requeue = (item: OutboxItem): OutboxItem => {
    if (isLost && item.kind === "change" && item.status !== "failed") {
      return { ...item, status: "failed", error: HISTORY_LOST };
    }
    return item.status === "sent" ? { ...item, status: "queued", position: null } : item;
  };
  return {
    ...initialState(state.me),
    epoch: state.epoch + 1,
    connection: state.connection,
    people: state.people,
    profile: state.profile,
    contacts: state.contacts,
    invitations: state.invitations,
    held: state.held,
    scheduled: state.scheduled,
    followedThreads: state.followedThreads,
    desks: state.desks,
    sessions: state.sessions,
    waiting: state.waiting,
    presence: state.presence,
    outbox: state.outbox.map(requeue),
    pendingReads: isLost ? PersistentMap.empty() : state.pendingReads,
    stale: { ...NOTHING_STALE, lists: lists.setAll(loaded) },
  };
}
