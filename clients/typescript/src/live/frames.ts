// What the frames of a socket make of the state.
import type { Desk, Entry, ServerFrame } from "../api/schemas.ts";
import type { ClientState } from "../model/state.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { settleItems } from "../outbox/queue.ts";
import { applyFeedEntry, isKnown } from "../sync/apply_entry.ts";
import { positionOf } from "../sync/cursor.ts";
import { stopTyping } from "../sync/member_entries.ts";
import { markStale } from "../sync/stale.ts";

/** Applies frames, and tells of each entry that is new. */
export function receiveFrames(
  holder: StateHolder,
  frames: readonly ServerFrame[],
  onEntry: (entry: Entry) => void,
): void {
  const before = holder.state;
  holder.update((state) => applyFrames(state, frames));
  for (const frame of frames) {
    if (frame.type === "entry" && !isKnown(before, frame.entry)) onEntry(frame.entry);
  }
}

/** Applies frames in order; frames that are about the connection itself change nothing here. */
export function applyFrames(state: ClientState, frames: readonly ServerFrame[]): ClientState {
  return settleItems(frames.reduce(applyFrame, state));
}

function applyFrame(state: ClientState, frame: ServerFrame): ClientState {
  switch (frame.type) {
    case "entry": {
      const { entry, cursor, more = false } = frame;
      return applyFeedEntry(state, { entry, cursor, more });
    }
    case "caught_up":
      return passTo(state, frame.cursor);
    case "typing":
      return startTyping(state, frame.conversation_id, frame.user);
    case "typing_stopped":
      return stopTyping(state, frame.conversation_id, frame.user);
    case "presence": {
      const { user, online, last_seen: lastSeen } = frame;
      return { ...state, presence: state.presence.set(user, { online, lastSeen }) };
    }
    case "desk":
      return countSessions(state, frame);
    default:
      return state;
  }
}

/** The feed has no more entries up to this cursor. */
function passTo(state: ClientState, cursor: string): ClientState {
  if (positionOf(cursor) < positionOf(state.cursor)) return state;
  const next = { ...state, cursor, partial: null };
  // A frame about a desk is not repeated if it was missed.
  return markDesksStale(next);
}

/** The numbers of a desk have changed. */
function countSessions(
  state: ClientState,
  { desk: id, waiting, open }: Extract<ServerFrame, { type: "desk" }>,
): ClientState {
  const known = state.desks.items.find((desk) => desk.id === id);
  // Who was not an agent of the desk has become one.
  if (!known?.is_agent) return markDesksStale(state);
  const change = (desk: Desk) => (desk === known ? { ...desk, waiting, open } : desk);
  const next = { ...state, desks: { ...state.desks, items: state.desks.items.map(change) } };
  return next.waiting.loaded ? markStale(next, "lists", "waiting", 0) : next;
}

function markDesksStale(state: ClientState): ClientState {
  const names = (["desks", "waiting"] as const).filter((name) => state[name].loaded);
  return names.reduce((next, name) => markStale(next, "lists", name, 0), state);
}

function startTyping(state: ClientState, id: string, user: string): ClientState {
  const users = state.typing.get(id) ?? [];
  if (user === state.me || users.includes(user)) return state;
  return { ...state, typing: state.typing.set(id, [...users, user]) };
}
