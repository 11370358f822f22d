// Fetches rows of the inbox again.
import type { Api } from "../api/create_api.ts";
import type { StateHolder } from "../model/state_holder.ts";
import type { ClientState } from "../model/state.ts";
import { applyInboxPage } from "./apply_inbox.ts";
import { fetchInboxRows } from "./inbox_page.ts";
import { dropConversation } from "./rows.ts";
import { markFresh } from "./stale.ts";

/** As many as a request may name. */
const MAX_IDS = 100;

export async function refreshRows(api: Api, holder: StateHolder): Promise<void> {
  const { epoch, stale } = holder.state;
  const wanted = [...stale.rows];
  for (let from = 0; from < wanted.length; from += MAX_IDS) {
    const part = wanted.slice(from, from + MAX_IDS);
    const ids = part.map(([id]) => id);
    const needed = Math.max(...part.map(([, position]) => position));
    const fetched = await fetchInboxRows(api, { ids, needed });
    if (holder.state.epoch !== epoch) return;
    const found = new Set(fetched.conversations.map(({ id }) => id));
    const left = ids.filter((id) => !found.has(id));
    holder.update((state) =>
      left.reduce(
        (next, id) => forgetLeft(next, id, fetched.position),
        applyInboxPage(state, fetched),
      ),
    );
  }
}

/** A conversation that the caller has left; the entry that says so may still be on its way. */
function forgetLeft(state: ClientState, id: string, position: number): ClientState {
  if (state.conversations.has(id)) return markFresh(state, "rows", id, position);
  return dropConversation(state, id, position);
}
