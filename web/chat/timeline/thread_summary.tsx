// How many replies the thread of a message has. Choosing it opens the thread.
import type { StoredMessage } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { UserAvatar } from "../names.tsx";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";

interface ThreadSummaryProps {
  message: StoredMessage;
  tabbable: boolean;
}

export function ThreadSummary({ message, tabbable }: ThreadSummaryProps) {
  const { openThread } = useSession();
  const { conversation_id, seq, replies } = message;
  const unread = useSelect(
    (state) =>
      state.followedThreads.items.find(
        (thread) => thread.conversation_id === conversation_id && thread.root === seq,
      )?.unread ?? 0,
  );
  if (replies === null || replies.count === 0) return null;
  return (
    <button
      type="button"
      class="thread-summary"
      tabIndex={tabbable ? 0 : -1}
      onClick={() => openThread(conversation_id, seq)}
    >
      {replies.users.slice(0, 3).map((user) => (
        <UserAvatar key={user} user={user} size={20} />
      ))}
      <span>{t("replies", { count: replies.count })}</span>
      {unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{unread}</span>
          <span class="hidden-label">{t("unreadCount", { count: unread })}</span>
        </span>
      )}
      <Icon name="chevron" size={14} />
    </button>
  );
}
