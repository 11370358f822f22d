// What a page of the inbox makes of the state.
//
// The server orders by the log position of the latest activity and tells only the order. Entries
// tell the position, so a row that has been active since the client follows the feed has the real
// key. Another row gets a key between its neighbours on the page, and never above the cursor: what
// happened after the cursor is still to come as an entry, and only that can move it up.
import type { InboxConversation } from "../api/schemas.ts";
import type { ClientState, Conversation } from "../model/state.ts";
import { positionOf } from "./cursor.ts";
import { putRow } from "./inbox_order.ts";
import { markFresh, markStale } from "./stale.ts";

/** A page of a list. */
export interface InboxPage {
  readonly conversations: readonly InboxConversation[];
  readonly position: number;
  /** The last row of the page before it; undefined for the first page. */
  readonly above: Conversation | undefined;
  /** The position from which the client follows the feed. */
  readonly followsFrom: number;
}

/** Adds a page. Returns the state and the last row of the page, for the next one. */
export function applyInboxPage(
  state: ClientState,
  page: InboxPage,
): { state: ClientState; last: Conversation | undefined } {
  let [next, above] = [state, page.above];
  const applied = appliedUpTo(state);
  page.conversations.forEach((summary, index) => {
    const before = next.conversations.get(summary.id);
    if (!before && page.position < applied) {
      // The caller may have left since: an entry that has been applied would have said so.
      next = markStale(next, "rows", summary.id, applied);
      return;
    }
    if (!before || before.position <= page.position) {
      const row = showPendingRead(next, placeRow(next, page, index, above));
      next = markFresh(putRow(next, row), "rows", summary.id, page.position);
    }
    above = next.conversations.get(summary.id);
  });
  return { state: sinkStrays(next, page, above), last: above };
}

/** The position of the last entry that has been applied. */
function appliedUpTo({ cursor, partial }: ClientState): number {
  return Math.max(positionOf(cursor), partial?.position ?? 0);
}

function placeRow(
  state: ClientState,
  page: InboxPage,
  index: number,
  above: Conversation | undefined,
): Conversation {
  const summary = page.conversations[index]!;
  const before = state.conversations.get(summary.id);
  const row = rowOf(summary, page.position, before);
  if (before && hasRealActivity(before, summary)) {
    return { ...row, activity: before.activity, activityIsExact: true };
  }
  const lower = nextRealActivity(state, page, index);
  const limit = Math.max(page.followsFrom, lower) + 0.5;
  const isBelow = above !== undefined && above.pinned === summary.pinned;
  const upper = isBelow ? Math.min(above.activity, limit) : limit;
  const fits = before !== undefined && before.activity < upper && before.activity > lower;
  return { ...row, activity: fits ? before.activity : upper - Math.min(1, (upper - lower) / 2) };
}

/** Whether the key that is known is that of what the page shows. */
function hasRealActivity(row: Conversation, summary: InboxConversation): boolean {
  return row.activityIsExact && row.lastMessage?.seq === summary.last_message?.seq;
}

/** The largest key below this row on the page that is real. */
function nextRealActivity(state: ClientState, page: InboxPage, index: number): number {
  const { pinned } = page.conversations[index]!;
  for (const summary of page.conversations.slice(index + 1)) {
    if (summary.pinned !== pinned) break;
    const known = state.conversations.get(summary.id);
    if (known && hasRealActivity(known, summary)) return known.activity;
  }
  return Number.NEGATIVE_INFINITY;
}

/** Rows that are not on the page, and whose key is an estimate, come after it. */
function sinkStrays(
  state: ClientState,
  page: InboxPage,
  last: Conversation | undefined,
): ClientState {
  if (!last || page.above !== undefined) return state;
  const onPage = new Set(page.conversations.map((summary) => summary.id));
  const ids = state.inbox[last.archived ? "archived" : "order"];
  let next = state;
  for (const id of ids) {
    if (id === last.id) break;
    const row = state.conversations.get(id)!;
    if (onPage.has(id) || row.activityIsExact || row.pinned !== last.pinned) continue;
    next = putRow(next, { ...row, activity: last.activity - 0.25 });
  }
  return next;
}

function rowOf(
  summary: InboxConversation,
  position: number,
  before: Conversation | undefined,
): Conversation {
  return {
    id: summary.id,
    kind: summary.kind,
    title: summary.title,
    peer: summary.peer ?? null,
    memberCount: summary.member_count,
    lastMessage: summary.last_message,
    unread: summary.unread,
    mentions: summary.mentions,
    readSeq: summary.read_seq,
    muted: summary.muted,
    pinned: summary.pinned,
    archived: summary.archived,
    activity: 0,
    activityIsExact: false,
    position,
    details: before?.details ?? null,
  };
}

/** A read mark that the server has not confirmed stays shown if it covers everything countable. */
export function showPendingRead(state: ClientState, row: Conversation): Conversation {
  const upTo = state.pendingReads.get(row.id);
  if (upTo === undefined || upTo <= row.readSeq) return row;
  if (upTo < (row.lastMessage?.seq ?? 0)) return row;
  return { ...row, unread: 0, mentions: 0, readSeq: upTo };
}
