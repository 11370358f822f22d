// An inbox as it was, beside the one of now.
import type { InboxConversation } from "./schemas.ts";

export type Difference = "new" | "gone" | "unread" | "last" | "title" | "place";

export type ComparedConversation = {
  id: string;
  then: InboxConversation | null;
  now: InboxConversation | null;
  differences: Difference[];
};

/** The conversations of both, those of then first and in their order. */
export function compareInboxes(
  then: readonly InboxConversation[],
  now: readonly InboxConversation[],
): ComparedConversation[] {
  const later = new Map(now.map((conversation) => [conversation.id, conversation]));
  const known = new Set(then.map(({ id }) => id));
  const kept = then.map((before) => compare(before, later.get(before.id) ?? null));
  const fresh = now.filter(({ id }) => !known.has(id)).map((after) => compare(null, after));
  return [...kept, ...fresh];
}

function compare(
  then: InboxConversation | null,
  now: InboxConversation | null,
): ComparedConversation {
  const id = (then ?? now)?.id ?? "";
  if (then === null) return { id, then, now, differences: ["new"] };
  if (now === null) return { id, then, now, differences: ["gone"] };
  const differences: Difference[] = [];
  if (then.unread !== now.unread || then.mentions !== now.mentions) differences.push("unread");
  if (then.last_message?.seq !== now.last_message?.seq) differences.push("last");
  if (then.title !== now.title) differences.push("title");
  const place = ({ muted, pinned, archived }: InboxConversation) => `${muted}${pinned}${archived}`;
  if (place(then) !== place(now)) differences.push("place");
  return { id, then, now, differences };
}
