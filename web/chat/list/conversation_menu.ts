// What can be done with a conversation in the list and in its header.
import type { Conversation } from "@tidings/client";
import type { MenuItem } from "../../shared/menu.tsx";
import { showError } from "../../shared/toast.tsx";
import type { ChatSession } from "../session.ts";
import { t } from "../texts.ts";

export function conversationMenu(session: ChatSession, conversation: Conversation): MenuItem[] {
  const { client, openPanel } = session;
  const { id, pinned, muted, archived, unread } = conversation;
  const prefer = (preferences: { pinned?: boolean; muted?: boolean; archived?: boolean }) =>
    client.conversations.setPreferences(id, preferences).catch(showError);
  const items: MenuItem[] = [
    {
      label: pinned ? t("unpin") : t("pin"),
      icon: "pin",
      choose: () => prefer({ pinned: !pinned }),
    },
    {
      label: muted ? t("unmute") : t("mute"),
      icon: muted ? "bell" : "mute",
      choose: () => prefer({ muted: !muted }),
    },
    {
      label: archived ? t("unarchive") : t("archive"),
      icon: "archive",
      choose: () => prefer({ archived: !archived }),
    },
  ];
  if (unread > 0) {
    items.push({
      label: t("markRead"),
      icon: "check",
      choose: () => client.conversations.markRead(id),
    });
  }
  const place = { conversation: id };
  items.push({ label: t("explain"), icon: "explain", choose: () => openPanel("explain", place) });
  return items;
}
