// Reads the feed page by page, where a WebSocket cannot be opened.
import { unwrap, type Api } from "../api/create_api.ts";
import type { ServerFrame } from "../api/schemas.ts";

const PAGE_ENTRIES = 200;

/** A page of the feed, as the frames in which a socket would have brought it. */
export async function pollFeed(
  api: Api,
  after: string,
): Promise<{ frames: ServerFrame[]; hasMore: boolean }> {
  const query = { after, limit: PAGE_ENTRIES };
  const page = unwrap(await api.GET("/v1/inbox/entries", { params: { query } }));
  const tag = page.cursor.slice(page.cursor.indexOf("."));
  const frames: ServerFrame[] = page.entries.map((entry, index) => ({
    type: "entry",
    entry,
    // Nobody continues there: the frames of a page are applied together, and the last one is the
    // page's own cursor.
    cursor: `${entry.position}${tag}`,
    more: page.entries[index + 1]?.position === entry.position,
  }));
  frames.push({ type: "caught_up", cursor: page.cursor });
  return { frames, hasMore: page.has_more };
}
