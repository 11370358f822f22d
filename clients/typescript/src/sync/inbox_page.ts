// Fetches a page of the inbox.
import { unwrap, type Api } from "../api/create_api.ts";
import type { InboxConversation } from "../api/schemas.ts";
import { answerPosition } from "./answer.ts";

export interface FetchedInbox {
  readonly conversations: readonly InboxConversation[];
  readonly totalUnread: number;
  readonly next: string | null;
  readonly position: number;
  readonly cursor: string | null;
}

export async function fetchInboxPage(
  api: Api,
  request: { limit: number; archived: boolean; after: string | null; needed: number },
): Promise<FetchedInbox> {
  const { limit, archived, after, needed } = request;
  const query = {
    limit,
    archived,
    ...(after === null ? {} : { after }),
    ...(needed > 0 ? { min_position: `${needed}` } : {}),
  };
  const answer = await api.GET("/v1/inbox", { params: { query } });
  const { conversations, total_unread: totalUnread, next } = unwrap(answer);
  const position = answerPosition(answer.response);
  const cursor = answer.response.headers.get("Tidings-Cursor");
  return { conversations, totalUnread, next, position, cursor };
}
