// Notes what must be fetched again, and forgets it once an answer is recent enough.
import type { PersistentMap } from "../model/persistent_map.ts";
import type { ClientState, ListName, StaleParts } from "../model/state.ts";

/** The key of a message in `StaleParts.messages`. */
export function messageKey(conversationId: string, seq: number): string {
  return `${seq}/${conversationId}`;
}

export function parseMessageKey(key: string): { conversationId: string; seq: number } {
  const slash = key.indexOf("/");
  return { conversationId: key.slice(slash + 1), seq: Number(key.slice(0, slash)) };
}

export type PartKind = "details" | "members" | "pins";

export function partKey(kind: PartKind, conversationId: string): string {
  return `${kind}/${conversationId}`;
}

type Keys = { rows: string; messages: string; lists: ListName; parts: string };

/** Notes that an answer must have reached `position`. */
export function markStale<Kind extends keyof StaleParts>(
  state: ClientState,
  kind: Kind,
  key: Keys[Kind],
  position: number,
): ClientState {
  const before = state.stale[kind] as PersistentMap<Keys[Kind], number>;
  const known = before.get(key);
  if (known !== undefined && known >= position) return state;
  return { ...state, stale: { ...state.stale, [kind]: before.set(key, position) } };
}

/** Forgets what an answer at `position` has made certain. */
export function markFresh<Kind extends keyof StaleParts>(
  state: ClientState,
  kind: Kind,
  key: Keys[Kind],
  position: number,
): ClientState {
  const before = state.stale[kind] as PersistentMap<Keys[Kind], number>;
  const needed = before.get(key);
  if (needed === undefined || needed > position) return state;
  return { ...state, stale: { ...state.stale, [kind]: before.delete(key) } };
}
