// Fetches rows of the inbox: a page of the list, or certain conversations.
import { unwrap, type Api } from "../api/create_api.ts";
import type { operations } from "../generated/api.ts";
import { answerPosition } from "./answer.ts";
import type { InboxPage } from "./apply_inbox.ts";

export interface FetchedInbox extends InboxPage {
  readonly totalUnread: number;
  readonly next: string | null;
  readonly cursor: string | null;
}

type InboxQuery = NonNullable<operations["get_inbox"]["parameters"]["query"]>;

export function fetchInboxPage(
  api: Api,
  { limit, archived, after }: { limit: number; archived: boolean; after: string | null },
): Promise<FetchedInbox> {
  return fetchInbox(api, { limit, archived, ...(after === null ? {} : { after }) });
}

/** Those of the conversations that the caller is in, archived or not: up to 100. */
export function fetchInboxRows(
  api: Api,
  { ids, needed }: { ids: readonly string[]; needed: number },
): Promise<FetchedInbox> {
  return fetchInbox(api, { ids: ids.join(","), min_position: `${needed}` });
}

async function fetchInbox(api: Api, query: InboxQuery): Promise<FetchedInbox> {
  const answer = await api.GET("/v1/inbox", { params: { query } });
  const { conversations, total_unread: totalUnread, next } = unwrap(answer);
  const position = answerPosition(answer.response);
  const cursor = answer.response.headers.get("Tidings-Cursor");
  return { conversations, totalUnread, next, position, cursor };
}
