// Tells an agent that a customer has no reply in time: here, and by a notification while the page is
// hidden.
import type { Entry } from "@tidings/client";
import { useEffect } from "preact/hooks";
import { showToast } from "../../shared/toast.tsx";
import { nameOf } from "../names.tsx";
import { notify, withdraw } from "../notifications/notifications.ts";
import { type ChatSession, useSession } from "../session.ts";
import { t } from "./texts.ts";

type Reminder = Extract<Entry, { type: "session_reminded" }>["data"];

/** What was due long before the page came back is seen in the queue. */
const NEWS_MS = 60_000;

export function useReminders(): void {
  const chat = useSession();
  useEffect(
    () =>
      chat.client.onEntry((entry) => {
        const { user } = chat.account;
        if (entry.type === "session_reminded") {
          if (Date.now() - Date.parse(entry.at) < NEWS_MS) void remind(chat, entry.data);
        } else if (entry.type === "message_sent" && entry.data.sender === user) {
          // The customer has a reply.
          void withdraw(user, reminderTag(entry.data.conversation_id));
        }
      }),
    [chat],
  );
}

/** Beside the notification of a conversation, which says something else. */
function reminderTag(conversation: string): string {
  return `reminder ${conversation}`;
}

async function remind(chat: ChatSession, reminder: Reminder): Promise<void> {
  const { account, client, openConversation } = chat;
  const { session_id: id, conversation_id: conversation, agent } = reminder;
  const session = await client.desks.load(id).catch(() => null);
  // There may have been a reply, or the end, since then.
  if (session === null || session.reply_due_at !== reminder.due) return;
  const isOwn = agent === account.user;
  const name = nameOf(client.state, session.customer);
  const text = t(isOwn ? "remindedOwn" : "remindedWaiting", { name });
  // The conversation of a customer who waits is seen by who accepts them.
  const show = { label: t("show"), run: () => openConversation(conversation) };
  showToast(text, isOwn ? show : undefined);
  if (!document.hidden) return;
  const target = isOwn ? conversation : null;
  await notify(account.user, text, reminderTag(conversation), target);
}
