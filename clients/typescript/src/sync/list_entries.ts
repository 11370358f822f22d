// Notes which loaded lists an entry has changed.
import type { Entry, EntryType } from "../api/schemas.ts";
import type { ClientState, ListName } from "../model/state.ts";
import { markStale } from "./stale.ts";

const LIST_OF: { readonly [Type in EntryType]?: ListName } = {
  contact_requested: "contacts",
  contact_added: "contacts",
  contact_removed: "contacts",
  invited: "invitations",
  invitation_ended: "invitations",
  message_held: "held",
  held_message_released: "held",
  message_refused: "held",
  message_scheduled: "scheduled",
  scheduled_message_changed: "scheduled",
  scheduled_message_cancelled: "scheduled",
  scheduled_message_sent: "scheduled",
  scheduled_message_failed: "scheduled",
  thread_followed: "followedThreads",
  thread_unfollowed: "followedThreads",
  thread_read: "followedThreads",
  message_recalled: "followedThreads",
  message_restored: "followedThreads",
  message_erased: "followedThreads",
  member_removed: "followedThreads",
  session_opened: "sessions",
  session_accepted: "sessions",
  session_transferred: "sessions",
  session_closed: "sessions",
  session_reminded: "waiting",
};

export function applyToLists(state: ClientState, entry: Entry): ClientState {
  const isMessage = entry.type === "message_sent";
  const names = isMessage ? listsOfMessage(state, entry) : [LIST_OF[entry.type]];
  const change = (next: ClientState, name: ListName | undefined) =>
    name && next[name].loaded ? markStale(next, "lists", name, entry.position) : next;
  return names.reduce(change, state);
}

function listsOfMessage(
  state: ClientState,
  { conversation_id: id, data }: Extract<Entry, { type: "message_sent" }>,
): ListName[] {
  const threads: ListName[] = data.thread === null ? [] : ["followedThreads"];
  return id !== null && isInSession(state, id) ? [...threads, "sessions"] : threads;
}

/** Who has to write next, and until when, is part of a session that is not over. */
function isInSession({ conversations, sessions }: ClientState, id: string): boolean {
  if (!sessions.loaded || conversations.get(id)?.kind !== "desk") return false;
  return sessions.items.find((session) => session.conversation_id === id)?.state !== "closed";
}
