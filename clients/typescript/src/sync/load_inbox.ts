// Reads the whole inbox: at the first start, and after a 410.
import type { Api } from "../api/create_api.ts";
import type { StateHolder } from "../model/state_holder.ts";
import { applyInboxPage } from "./apply_inbox.ts";
import { fetchInboxPage, type FetchedInbox } from "./inbox_page.ts";

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
    do {
      const fetched: FetchedInbox = await fetchInboxPage(api, { limit: PAGE_ROWS, archived, after });
      if (holder.state.epoch !== epoch) return;
      cursor ??= fetched.cursor;
      holder.update((state) => {
        const applied = applyInboxPage(state, fetched);
        // The sum of a part of the rows means nothing: until all are here, the server's counts.
        const inbox = { ...applied.inbox, totalUnread: fetched.totalUnread };
        return { ...applied, inbox };
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
