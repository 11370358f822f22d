// Reads the whole inbox: at the first start, and after a 410.
import type { Api } from "../api/create_api.ts";
import type { StateHolder } from "../model/state_holder.ts";
import type { Conversation } from "../model/state.ts";
import { applyInboxPage } from "./apply_inbox.ts";
import { positionOf } from "./cursor.ts";
import { fetchInboxPage } from "./inbox_page.ts";

const PAGE_ROWS = 200;

/**
 * The feed continues from the cursor of the first page. A conversation that moves from one page to
 * another meanwhile may be missed, but what moved it is an entry after that cursor.
 */
export async function loadInbox(api: Api, holder: StateHolder): Promise<void> {
  const { epoch } = holder.state;
  let cursor: string | null = null;
  for (const archived of [false, true]) {
    let after: string | null = null;
    let above: Conversation | undefined;
    do {
      const fetched = await fetchInboxPage(api, { limit: PAGE_ROWS, archived, after, needed: 0 });
      if (holder.state.epoch !== epoch) return;
      cursor ??= fetched.cursor;
      const page = { ...fetched, above, followsFrom: positionOf(cursor) };
      holder.update((state) => {
        const applied = applyInboxPage(state, page);
        above = applied.last;
        const { inbox } = applied.state;
        // The sum of a part of the rows means nothing: until all are here, the server's counts.
        return { ...applied.state, inbox: { ...inbox, totalUnread: fetched.totalUnread } };
      });
      after = fetched.next;
    } while (after !== null);
  }
  holder.update((state) => {
    let totalUnread = 0;
    for (const row of state.conversations.values()) {
      if (!row.muted && !row.archived) totalUnread += row.unread;
    }
    return { ...state, cursor, inbox: { ...state.inbox, totalUnread, complete: true } };
  });
}
