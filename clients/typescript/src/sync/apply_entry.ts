// The core: what an entry makes of the state. Pure, so that tests can try everything.
import type { Entry } from "../api/schemas.ts";
import type { ClientState } from "../model/state.ts";
import { positionOf } from "./cursor.ts";
import { applyToLists } from "./list_entries.ts";
import { applyToMembers } from "./member_entries.ts";
import { applyToMessages } from "./message_entries.ts";
import { applyToRow, isDeparture } from "./rows.ts";

/** An entry with what the feed says about it. */
export interface FeedEntry {
  readonly entry: Entry;
  /** Where to continue after it; not usable if `more`. */
  readonly cursor: string;
  /** Whether another entry of the same position follows. */
  readonly more: boolean;
}

/**
 * Applies an entry of the feed unless it has been applied: the server repeats what a device has
 * not acknowledged. The identity of an entry is its position and its conversation.
 */
export function applyFeedEntry(state: ClientState, item: FeedEntry): ClientState {
  const { entry, cursor, more } = item;
  const next = isKnown(state, entry) ? state : applyEntry(state, entry);
  if (entry.position <= positionOf(state.cursor)) return state;
  if (!more) return { ...next, cursor, partial: null };
  const partial = state.partial?.position === entry.position ? state.partial.conversations : [];
  const conversations = [...partial, entry.conversation_id ?? ""];
  return { ...next, partial: { position: entry.position, conversations } };
}

/** Whether it has been applied. */
export function isKnown({ cursor, partial }: ClientState, entry: Entry): boolean {
  if (entry.position <= positionOf(cursor)) return true;
  return (
    partial?.position === entry.position &&
    partial.conversations.includes(entry.conversation_id ?? "")
  );
}

/** What an entry makes of the state. The caller sees to it that it is applied once. */
export function applyEntry(state: ClientState, entry: Entry): ClientState {
  let next = applyToRow(state, entry);
  // A conversation that the caller has left is gone, and this entry was the last one of it.
  if (!isDeparture(entry, state.me)) {
    next = applyToMessages(next, entry);
    next = applyToMembers(next, entry);
  }
  return applyToLists(next, entry);
}
