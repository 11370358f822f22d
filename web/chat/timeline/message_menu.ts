// Everything that can be done with a message.
import type { StoredMessage } from "@tidings/client";
import type { MenuItem } from "../../shared/menu.tsx";
import { copyText } from "../../shared/copy_text.ts";
import { showError, showToast } from "../../shared/toast.tsx";
import { writeRoute } from "../route.ts";
import type { ChatSession } from "../session.ts";
import { t } from "../texts.ts";
import { editableText, plainText } from "./message_body.tsx";
import { type MessageContext, isModerator } from "./message_context.ts";
import type { MessageDialogName } from "./message_dialogs.tsx";

interface MenuSources {
  session: ChatSession;
  message: StoredMessage;
  context: MessageContext;
  own: boolean;
  openDialog: (name: MessageDialogName) => void;
}

export function messageMenu(sources: MenuSources): MenuItem[] {
  return [...changes(sources), ...copies(sources), ...views(sources)];
}

function changes({ session, message, context, own, openDialog }: MenuSources): MenuItem[] {
  const { client } = session;
  const { conversation, canWrite } = context;
  const { seq, recalled, type } = message;
  const items: MenuItem[] = [];
  if (recalled) {
    if (isModerator(context)) {
      const restore = () => client.messages.restore(conversation, seq).catch(showError);
      items.push({ label: t("restore"), icon: "refresh", choose: restore });
    }
    return items;
  }
  if (own && editableText(message) !== null && (canWrite || isModerator(context))) {
    const label = t(type === "text" ? "edit" : "editCaption");
    items.push({ label, icon: "edit", choose: () => context.edit(message) });
  }
  if (context.kind === "direct" || isModerator(context)) {
    const pinned = context.pinned.has(seq);
    items.push({
      label: pinned ? t("unpinMessage") : t("pinMessage"),
      icon: "pin",
      choose: () => {
        const done = pinned
          ? client.messages.unpin(conversation, seq)
          : client.messages.pin(conversation, seq);
        done.catch(showError);
      },
    });
  }
  if (own || isModerator(context)) {
    items.push({
      label: t("recall"),
      icon: "delete",
      danger: true,
      choose: () => openDialog("recall"),
    });
  }
  return items;
}

function copies({ message, context }: MenuSources): MenuItem[] {
  const copy = (text: string) => {
    copyText(text).then(() => showToast(t("copied")), showError);
  };
  const link = () => {
    const { conversation } = context;
    const place = { conversation, seq: message.seq, thread: null, panel: null, place: {} };
    copy(new URL(writeRoute(place), location.href).href);
  };
  const items: MenuItem[] = [{ label: t("copyLink"), icon: "link", choose: link }];
  if (message.body !== null) {
    const choose = () => copy(plainText(message));
    items.unshift({ label: t("copyText"), icon: "copy", choose });
  }
  return items;
}

function views({ session, message, context, own, openDialog }: MenuSources): MenuItem[] {
  const { client, openPanel } = session;
  const { conversation } = context;
  const { seq, edited_at } = message;
  const items: MenuItem[] = [
    {
      label: t("markUnread"),
      icon: "bell",
      choose: () => {
        context.readingPause.current = true;
        client.conversations
          .markUnreadFrom(conversation, seq)
          .then(() => showToast(t("markedUnread")), showError);
      },
    },
  ];
  if (own) {
    const choose = () => openDialog("receipts");
    items.push({ label: t("receipts"), icon: "check-double", choose });
  }
  if (edited_at !== null) {
    items.push({ label: t("versions"), icon: "history", choose: () => openDialog("versions") });
  }
  items.push({
    label: t("why"),
    icon: "explain",
    choose: () => openPanel("why", { conversation, seq }),
  });
  if (!own) {
    const choose = () => openDialog("report");
    items.push({ label: t("report"), icon: "warning", danger: true, choose });
  }
  return items;
}
