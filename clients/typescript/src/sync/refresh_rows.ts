// Fetches rows of the inbox again.
//
// There is no call for one row, so the pages are read from the top until all are found. A row that
// needs it has usually just been active and is on the first page.
import { unwrap, type Api } from "../api/create_api.ts";
import { ApiError } from "../api/problem.ts";
import type { StateHolder } from "../model/state_holder.ts";
import type { ClientState, Conversation } from "../model/state.ts";
import { applyInboxPage } from "./apply_inbox.ts";
import { positionOf } from "./cursor.ts";
import { fetchInboxPage } from "./inbox_page.ts";
import { dropConversation } from "./rows.ts";
import { markFresh } from "./stale.ts";

const FIRST_PAGE_ROWS = 50;
const PAGE_ROWS = 200;

export async function refreshRows(api: Api, holder: StateHolder): Promise<void> {
  const { epoch, stale } = holder.state;
  const wanted = new Map(stale.rows);
  for (const id of [...wanted.keys()]) {
    const isUnknown = !holder.state.conversations.has(id);
    if (isUnknown && (await isGone(api, holder, id, wanted.get(id)!))) wanted.delete(id);
  }
  const needed = Math.max(0, ...wanted.values());
  for (const archived of [false, true]) {
    let [after, above]: [string | null, Conversation | undefined] = [null, undefined];
    while (wanted.size > 0) {
      const limit: number = after === null ? FIRST_PAGE_ROWS : PAGE_ROWS;
      const fetched = await fetchInboxPage(api, { limit, archived, after, needed });
      if (holder.state.epoch !== epoch) return;
      const { conversations, position, next } = fetched;
      holder.update((state) => {
        const followsFrom = Math.min(positionOf(state.cursor), position);
        const page = { conversations, position, above, followsFrom };
        const applied = applyInboxPage(state, page);
        above = applied.last;
        return applied.state;
      });
      for (const { id } of conversations) wanted.delete(id);
      if (next === null) break;
      after = next;
    }
  }
  // What is in neither list has been left; the entry that says so may still be on its way.
  holder.update((state) => forgetWanted(state, wanted));
}

async function isGone(
  api: Api,
  holder: StateHolder,
  id: string,
  needed: number,
): Promise<boolean> {
  const params = { path: { id }, query: { min_position: `${needed}` } };
  try {
    unwrap(await api.GET("/v1/conversations/{id}", { params }));
    return false;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    holder.update((state) => dropConversation(state, id, needed));
    return true;
  }
}

function forgetWanted(state: ClientState, wanted: ReadonlyMap<string, number>): ClientState {
  let next = state;
  for (const [id, position] of wanted) next = markFresh(next, "rows", id, position);
  return next;
}
