// The state that was stored, with what was loaded or done before the store had been read.
import { LISTS } from "../model/initial_state.ts";
import type { ClientState } from "../model/state.ts";

function isSaved({ outbox }: ClientState, id: string): boolean {
  return outbox.some((item) => item.id === id);
}

export function mergeSaved(state: ClientState, saved: ClientState): ClientState {
  const merged = {
    ...saved,
    connection: state.connection,
    people: saved.people.setAll(state.people),
    profile: state.profile ?? saved.profile,
    outbox: [...saved.outbox, ...state.outbox.filter((item) => !isSaved(saved, item.id))],
    written: state.written,
  };
  const loaded = LISTS.filter((name) => state[name].loaded).map((name) => [name, state[name]]);
  return { ...merged, ...Object.fromEntries(loaded) };
}
