// Queries about the past, which administrators may ask for any user.
import { type Api, type InboxConversation, type Message, unwrap } from "@tidings/client";
import { concernsInbox, type LogEvent, readLines } from "./moments.ts";

/** A moment of the log: a time, or a position, which is exact. */
export type Moment = { time: number } | { position: number; time: number; type: string };

export interface PastInbox {
  rows: InboxConversation[];
  total: number;
  /** The position of the log that the inbox shows. */
  position: number;
  moment: Moment | null;
}

export function asOf(moment: Moment | null): { as_of?: string } {
  if (moment === null) return {};
  if ("position" in moment) return { as_of: String(moment.position) };
  return { as_of: new Date(moment.time).toISOString() };
}

const ROWS = 200;

/** The inbox of a user at a moment, or now. */
export async function loadInbox(
  api: Api,
  user: string,
  moment: Moment | null,
): Promise<PastInbox> {
  const query = { as_user: user, limit: ROWS, ...asOf(moment) };
  const answer = await api.GET("/v1/inbox", { params: { query } });
  const page = unwrap(answer);
  const position = Number(answer.response.headers.get("Tidings-Position") ?? 0);
  return { rows: page.conversations, total: page.total_unread, position, moment };
}

export async function loadMessages(
  api: Api,
  user: string,
  id: string,
  moment: Moment | null,
): Promise<Message[]> {
  const query = { as_user: user, limit: 30, ...asOf(moment) };
  const params = { path: { id }, query };
  const page = unwrap(await api.GET("/v1/conversations/{id}/messages", { params }));
  return page.messages.toReversed();
}

/** Events that can change which conversations an inbox has, their last messages or counts. */
const CHANGES = [
  "conversation_created", "conversation_changed", "title_erased",
  "member_added", "member_removed",
  "message_sent", "message_edited", "message_recalled", "message_restored", "message_erased",
  "conversation_read", "conversation_marked_unread", "conversation_cleared",
  "preferences_changed",
].join(",");
const PAGE = 500;
const MOST_PAGES = 20;

/** The next event after a position, or the last one before it, that can change the inbox. */
export async function findChange(
  api: Api,
  user: string,
  inboxes: readonly (PastInbox | null)[],
  position: number,
  direction: "earlier" | "later",
): Promise<LogEvent | null> {
  const ids = new Set(inboxes.flatMap((inbox) => inbox?.rows.map(({ id }) => id) ?? []));
  const concerns = (event: LogEvent) => concernsInbox(event, user, ids);
  let edge = position;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const isEarlier = direction === "earlier";
    if (isEarlier && edge <= 1) return null;
    const after = isEarlier ? Math.max(0, edge - 1 - PAGE) : edge;
    const query = {
      after: String(after),
      limit: PAGE,
      type: CHANGES,
      ...(isEarlier && { up_to: String(edge - 1) }),
    };
    const answer = await api.GET("/v1/events", { params: { query }, parseAs: "text" });
    const events = readLines(String(unwrap(answer)));
    const found = isEarlier ? events.findLast(concerns) : events.find(concerns);
    if (found !== undefined) return found;
    if (!isEarlier && events.length === 0) return null;
    edge = isEarlier ? after + 1 : (events.at(-1)?.position ?? edge);
  }
  return null;
}
