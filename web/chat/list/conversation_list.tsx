// The conversations, newest activity first. Only the rows on screen are in the document.
import { useEffect, useMemo } from "preact/hooks";
import { sameItems, useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { ConversationRow } from "./conversation_row.tsx";
import { type Filter, listIds } from "./filter.ts";
import { ListSkeleton } from "./list_skeleton.tsx";
import { VirtualList } from "./virtual_list.tsx";

interface ConversationListProps {
  current: string | null;
  filter: Filter;
  words: string;
}

export const ROW_HEIGHT = 68;
const MOST_WATCHED = 100;

export function ConversationList({ current, filter, words }: ConversationListProps) {
  const ids = useSelect((state) => listIds(state, filter, words, current), sameItems);
  const complete = useSelect((state) => state.inbox.complete);
  useVisiblePresence(ids);
  if (ids.length === 0) {
    return complete ? <EmptyList filter={filter} words={words} /> : <ListSkeleton />;
  }
  return (
    <VirtualList
      label={t("conversations")}
      count={ids.length}
      rowHeight={ROW_HEIGHT}
      current={current === null ? 0 : ids.indexOf(current)}
      row={(index, focusable) => {
        const id = ids[index]!;
        const content = (
          <ConversationRow id={id} selected={id === current} focusable={focusable} />
        );
        return { key: id, content };
      }}
    />
  );
}

/** Watches whether the other people of the newest direct conversations are online. */
function useVisiblePresence(ids: readonly string[]): void {
  const { client } = useSession();
  const peers = useSelect(
    (state) =>
      ids
        .slice(0, MOST_WATCHED)
        .flatMap((id) => state.conversations.get(id)?.peer ?? []),
    sameItems,
  );
  const key = useMemo(() => peers.toSorted().join("\n"), [peers]);
  useEffect(() => (peers.length > 0 ? client.presence.watch(peers) : undefined), [key]);
}

function EmptyList({ filter, words }: { filter: Filter; words: string }) {
  if (words.trim() !== "") return <p class="list-empty soft">{t("nothingFound")}</p>;
  if (filter === "unread") return <p class="list-empty soft">{t("nothingUnread")}</p>;
  if (filter === "archived") return <p class="list-empty soft">{t("nothingArchived")}</p>;
  return (
    <div class="list-empty">
      <p>{t("nothingHere")}</p>
      <p class="soft">{t("nothingHereHint")}</p>
    </div>
  );
}
