// The conversations, newest activity first. Only the rows on screen are in the document.
import { useEffect, useState } from "preact/hooks";
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
/** What is watched changes in steps of this many rows, not with each row. */
const STEP = 50;

export function ConversationList({ current, filter, words }: ConversationListProps) {
  const ids = useSelect((state) => listIds(state, filter, words, current), sameItems);
  const complete = useSelect((state) => state.inbox.complete);
  const show = useShownPresence(ids);
  if (ids.length === 0) {
    return complete ? <EmptyList filter={filter} words={words} /> : <ListSkeleton />;
  }
  return (
    <VirtualList
      label={t("conversations")}
      count={ids.length}
      rowHeight={ROW_HEIGHT}
      current={current === null ? 0 : ids.indexOf(current)}
      show={show}
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

/** Watches whether the other people of the direct conversations on the screen are online. */
function useShownPresence(ids: readonly string[]): (first: number, last: number) => void {
  const { client } = useSession();
  const [shown, setShown] = useState({ first: 0, last: STEP });
  const peers = useSelect(
    (state) =>
      ids
        .slice(shown.first, shown.last)
        .flatMap((id) => state.conversations.get(id)?.peer ?? [])
        .toSorted(),
    sameItems,
  );
  useEffect(() => (peers.length > 0 ? client.presence.watch(peers) : undefined), [peers]);
  return (first, last) => {
    const next = { first: first - (first % STEP), last: last + STEP - (last % STEP) };
    setShown((now) => (now.first === next.first && now.last === next.last ? now : next));
  };
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
