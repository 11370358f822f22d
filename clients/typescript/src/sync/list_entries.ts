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
};

export function applyToLists(state: ClientState, entry: Entry): ClientState {
  const isReply = entry.type === "message_sent" && entry.data.thread !== null;
  const name = isReply ? "followedThreads" : LIST_OF[entry.type];
  if (!name || !state[name].loaded) return state;
  return markStale(state, "lists", name, entry.position);
}
