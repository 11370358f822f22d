// The top of a conversation: what it is, who is there, and where else one can go from here.
import type { Conversation } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.tsx";
import { Field } from "../shared/field.tsx";
import { Icon } from "../shared/icon.tsx";
import { Menu, type MenuItem } from "../shared/menu.tsx";
import { showError, showToast } from "../shared/toast.tsx";
import { conversationMenu } from "./list/conversation_menu.ts";
import { ConversationAvatar, useTitle } from "./names.tsx";
import { go } from "./route.ts";
import { useSelect, useSession } from "./session.ts";
import { t } from "./texts.ts";
import { agoText, dayOf } from "./time.ts";
import type { TimelineControl } from "./timeline/timeline.tsx";

interface ConversationHeaderProps {
  conversation: Conversation;
  control: { current: TimelineControl | null };
}

export function ConversationHeader({ conversation, control }: ConversationHeaderProps) {
  const session = useSession();
  const { openPanel } = session;
  const { id, kind, peer, unread, readSeq } = conversation;
  const title = useTitle(conversation);
  const pins = useSelect((state) => state.pins.get(id)?.seqs.length ?? 0);
  const [choosingDate, setChoosingDate] = useState(false);
  const place = { conversation: id };
  const jumpTo = (seq: number) => void control.current?.jumpTo(seq).catch(showError);
  const openDetails = () => {
    if (kind === "desk") return openPanel("session", place);
    if (peer === null) return openPanel("group", place);
    return openPanel("person", { user: peer, ...place });
  };
  const items: MenuItem[] = [
    { label: t("details"), icon: "info", choose: openDetails },
    { label: t("jumpToDate"), icon: "calendar", choose: () => setChoosingDate(true) },
    ...(unread > 0
      ? [{ label: t("toUnread"), icon: "down" as const, choose: () => jumpTo(readSeq + 1) }]
      : []),
    { label: t("scheduled"), icon: "clock", choose: () => openPanel("scheduled", place) },
    ...conversationMenu(session, conversation),
  ];
  return (
    <header class="pane-header conversation-header">
      <button
        type="button"
        class="icon-button back-button"
        aria-label={t("back")}
        onClick={() => go({ conversation: null, seq: null, thread: null, panel: null, place: {} })}
      >
        <Icon name="back" />
      </button>
      <button type="button" class="header-title" onClick={openDetails}>
        <ConversationAvatar conversation={conversation} size={38} />
        <span class="header-names">
          <h2 dir="auto">{title}</h2>
          <Subtitle conversation={conversation} />
        </span>
      </button>
      {pins > 0 && (
        <button
          type="button"
          class="icon-button with-count"
          aria-label={t("pinCount", { count: pins })}
          title={t("pins")}
          onClick={() => openPanel("pins", place)}
        >
          <Icon name="pin" />
          <span>{pins}</span>
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={t("searchHere")}
        title={t("searchHere")}
        onClick={() => openPanel("search", place)}
      >
        <Icon name="search" />
      </button>
      <Menu label={t("conversationMenu")} items={items} />
      {choosingDate && (
        <DateDialog
          id={id}
          jumpTo={jumpTo}
          close={() => setChoosingDate(false)}
        />
      )}
    </header>
  );
}

function Subtitle({ conversation }: { conversation: Conversation }) {
  const { client } = useSession();
  const { kind, title, peer, memberCount, details } = conversation;
  const presence = useSelect((state) => (peer === null ? undefined : state.presence.get(peer)));
  useEffect(() => (peer === null ? undefined : client.presence.watch([peer])), [peer]);
  if (kind === "desk") return <span class="header-subtitle">{title}</span>;
  if (peer === null) {
    const topic = details?.policy.topic;
    const members = t("memberCount", { count: memberCount });
    return (
      <span class="header-subtitle" dir="auto">
        {topic ? `${members} · ${topic}` : members}
      </span>
    );
  }
  if (presence?.online) return <span class="header-subtitle online">{t("online")}</span>;
  if (presence?.lastSeen == null) return null;
  return <span class="header-subtitle">{t("lastSeen", { time: agoText(presence.lastSeen) })}</span>;
}

interface DateDialogProps {
  id: string;
  jumpTo: (seq: number) => void;
  close: () => void;
}

function DateDialog({ id, jumpTo, close }: DateDialogProps) {
  const { client } = useSession();
  const today = dayOf(new Date());
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const day = String(new FormData(event.target as HTMLFormElement).get("day"));
    close();
    try {
      const seq = await client.messages.loadAtDate(id, new Date(`${day}T00:00:00`));
      if (seq === null) showToast(t("noMessageThen"));
      else jumpTo(seq);
    } catch (error) {
      showError(error);
    }
  };
  return (
    <Dialog title={t("jumpToDate")} close={close}>
      <form class="dialog-form" onSubmit={submit}>
        <Field label={t("jumpToDate")}>
          <input class="input" type="date" name="day" required max={today} value={today} />
        </Field>
        <button class="button primary">{t("jump")}</button>
      </form>
    </Dialog>
  );
}
