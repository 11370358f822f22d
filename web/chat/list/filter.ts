// Which conversations the list shows.
import type { ClientState } from "@tidings/client";
import { titleOf } from "../names.tsx";

export type Filter = "all" | "unread" | "archived";

/** The ids to show, in order. The one that is open stays in the unread ones while it is read. */
export function listIds(
  state: ClientState,
  filter: Filter,
  words: string,
  current: string | null,
): readonly string[] {
  const { inbox, conversations } = state;
  const ids = filter === "archived" ? inbox.archived : inbox.order;
  const folded = fold(words.trim());
  if (filter !== "unread" && folded === "") return ids;
  return ids.filter((id) => {
    const conversation = conversations.get(id);
    if (conversation === undefined) return false;
    if (filter === "unread" && conversation.unread === 0 && id !== current) return false;
    return folded === "" || matches(titleOf(state, conversation), conversation.peer, folded);
  });
}

function matches(title: string, peer: string | null, folded: string): boolean {
  return fold(title).includes(folded) || (peer !== null && fold(peer).includes(folded));
}

/** Without case, accents and width, as search folds texts. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
}
