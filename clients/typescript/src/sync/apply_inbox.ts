// What a page of the inbox makes of the state.
import type { InboxConversation } from "../api/schemas.ts";
import type { ClientState, Conversation } from "../model/state.ts";
import { positionOf } from "./cursor.ts";
import { putRow } from "./inbox_order.ts";
import { markFresh, markStale } from "./stale.ts";

/** Rows as the server answers them. */
export interface InboxPage {
  readonly conversations: readonly InboxConversation[];
  readonly position: number;
}

/** Adds the rows of a page. */
export function applyInboxPage(state: ClientState, page: InboxPage): ClientState {
  let next = state;
  const applied = appliedUpTo(state);
  for (const summary of page.conversations) {
    const before = next.conversations.get(summary.id);
    if (!before && page.position < applied) {
      // The caller may have left since: an entry that has been applied would have said so.
      next = markStale(next, "rows", summary.id, applied);
      continue;
    }
    if (before && before.position > page.position) continue;
    const row = showPendingRead(next, rowOf(summary, page.position, before));
    next = markFresh(putRow(next, row), "rows", summary.id, page.position);
  }
  return next;
}

/** The position of the last entry that has been applied. */
function appliedUpTo({ cursor, partial }: ClientState): number {
  return Math.max(positionOf(cursor), partial?.position ?? 0);
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
    avatar: summary.avatar,
    peer: summary.peer ?? null,
    memberCount: summary.member_count,
    lastMessage: summary.last_message,
    unread: summary.unread,
    mentions: summary.mentions,
    readSeq: summary.read_seq,
    muted: summary.muted,
    pinned: summary.pinned,
    archived: summary.archived,
    activity: summary.activity,
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
