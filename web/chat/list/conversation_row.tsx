// One conversation in the list.
import { type Conversation, selectConversation, selectTyping } from "@tidings/client";
import { useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { memo } from "../../shared/memo.tsx";
import { MenuList } from "../../shared/menu.tsx";
import { draftKey, useDraft } from "../composer/drafts.ts";
import { shortState, useServiceSession } from "../desks/sessions.ts";
import { ConversationAvatar, nameOf, useProfile, useTitle, withNames } from "../names.tsx";
import { useSelect, useSession } from "../session.ts";
import { t } from "../texts.ts";
import { shortTime } from "../time.ts";
import { conversationMenu } from "./conversation_menu.ts";

interface ConversationRowProps {
  id: string;
  selected: boolean;
  focusable: boolean;
}

export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { id, selected, focusable } = props;
  const conversation = useSelect(useMemo(() => selectConversation(id), [id]));
  if (conversation === undefined) return null;
  return <Row conversation={conversation} selected={selected} focusable={focusable} />;
});

interface RowProps {
  conversation: Conversation;
  selected: boolean;
  focusable: boolean;
}

function Row({ conversation, selected, focusable }: RowProps) {
  const session = useSession();
  const [menuOpen, setMenuOpen] = useState(false);
  const link = useRef<HTMLAnchorElement>(null);
  const options = useRef<HTMLButtonElement>(null);
  const title = useTitle(conversation);
  const { id, kind, lastMessage, unread, muted, pinned } = conversation;
  return (
    <div class={`conversation-row ${selected ? "selected" : ""} ${unread > 0 ? "unread" : ""}`}>
      <a
        ref={link}
        class="row-target"
        href={`#/c/${encodeURIComponent(id)}`}
        tabIndex={focusable ? 0 : -1}
        aria-current={selected ? "true" : undefined}
        onContextMenu={(event) => {
          event.preventDefault();
          setMenuOpen(true);
        }}
      >
        <ConversationAvatar conversation={conversation} size={44} />
        <span class="row-main">
          <span class="row-line">
            <span class="row-title" dir="auto">
              {title}
            </span>
            {kind === "desk" && <SessionTag conversation={id} />}
            {pinned && <Sign icon="pin" label={t("pinned")} />}
            {muted && <Sign icon="mute" label={t("muted")} />}
            {lastMessage && (
              <time dateTime={lastMessage.sent_at}>{shortTime(lastMessage.sent_at)}</time>
            )}
          </span>
          <span class="row-line">
            <Preview conversation={conversation} />
            <Badges conversation={conversation} />
          </span>
        </span>
      </a>
      <button
        ref={options}
        type="button"
        class="icon-button row-options"
        aria-label={t("optionsOf", { name: title })}
        aria-haspopup="menu"
        aria-expanded={menuOpen}
        tabIndex={focusable ? 0 : -1}
        onClick={() => setMenuOpen(true)}
      >
        <Icon name="more" size={18} />
      </button>
      {menuOpen && (
        <MenuList
          label={t("optionsOf", { name: title })}
          items={conversationMenu(session, conversation)}
          anchor={options.current}
          close={() => {
            setMenuOpen(false);
            link.current?.focus();
          }}
        />
      )}
    </div>
  );
}

/** How the session of a conversation with a desk stands. */
function SessionTag({ conversation }: { conversation: string }) {
  const session = useServiceSession(conversation);
  if (session === undefined) return null;
  return <span class={`session-tag ${session.state}`}>{shortState(session)}</span>;
}

function Badges({ conversation: { unread, mentions, muted } }: { conversation: Conversation }) {
  return (
    <>
      {mentions > 0 && (
        <span class="mention-badge" title={t("mentionCount", { count: mentions })}>
          <span aria-hidden="true">@</span>
          <span class="hidden-label">{t("mentionCount", { count: mentions })}</span>
        </span>
      )}
      {unread > 0 && (
        <span class={`badge ${muted ? "muted" : ""}`}>
          <span aria-hidden="true">{unread > 999 ? "999+" : unread}</span>
          <span class="hidden-label">{t("unreadCount", { count: unread })}</span>
        </span>
      )}
    </>
  );
}

function Sign({ icon, label }: { icon: "pin" | "mute"; label: string }) {
  return (
    <span class="row-sign" title={label}>
      <Icon name={icon} size={14} />
      <span class="hidden-label">{label}</span>
    </span>
  );
}

/** Who is typing, else a draft, else the newest message. */
function Preview({ conversation }: { conversation: Conversation }) {
  const { account, client } = useSession();
  const { id, kind, lastMessage } = conversation;
  const typing = useSelect(useMemo(() => selectTyping(id), [id]));
  const draft = useDraft(draftKey(account.user, id));
  const sender = useProfile(lastMessage?.sender ?? null);
  if (typing.length > 0) {
    const name = nameOf(client.state, typing[0]!);
    return <span class="row-preview typing">{t("typingOne", { name })}</span>;
  }
  if (draft !== "") {
    return (
      <span class="row-preview" dir="auto">
        {t("draft", { text: draft })}
      </span>
    );
  }
  if (lastMessage === null) return <span class="row-preview">{t("noMessages")}</span>;
  const mine = lastMessage.sender === client.state.me;
  const others = kind === "group" ? (sender?.display_name ?? lastMessage.sender) : null;
  const author = mine ? t("you") : others;
  const text = lastMessage.recalled
    ? t("recalledPreview")
    : (lastMessage.preview ?? t("typePreview", { type: lastMessage.type }));
  return (
    <span class="row-preview" dir="auto">
      {author !== null && <span class="row-author">{author}: </span>}
      {withNames(client.state, text)}
    </span>
  );
}
