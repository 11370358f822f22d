// One message: who, what, when, how far it has come, and what others made of it.
import type { StoredMessage } from "@tidings/client";
import { useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { memo } from "../../shared/memo.tsx";
import { UserAvatar, useName, withNames } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { clockTime, fullTime } from "../time.ts";
import { DeliverySign } from "./delivery_sign.tsx";
import { FailedChange } from "./failed_change.tsx";
import { MessageBody, plainText } from "./message_body.tsx";
import type { MessageContext } from "./message_context.ts";
import { MessageDialogs, type MessageDialogName } from "./message_dialogs.tsx";
import { MessageTools } from "./message_tools.tsx";
import { Reactions } from "./reactions.tsx";
import { ReplyQuote } from "./reply_quote.tsx";
import { ThreadSummary } from "./thread_summary.tsx";

export type { MessageContext } from "./message_context.ts";

interface MessageRowProps {
  rowKey: string;
  message: StoredMessage;
  /** Whether it begins a run of messages of one sender. */
  first: boolean;
  context: MessageContext;
  /** Whether the pointer or the focus is on it: then its tools are shown. */
  active: boolean;
  /** Whether it was jumped to. */
  marked: boolean;
  tabStop: boolean;
  activate: (key: string) => void;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { rowKey, message, first, context, active, marked, tabStop, activate } = props;
  const { account, client, openPanel } = useSession();
  const [dialog, setDialog] = useState<MessageDialogName | null>(null);
  const name = useName(message.sender);
  const own = message.sender === account.user;
  const { conversation } = context;
  const classes = [
    "message",
    own ? "own" : "other",
    first ? "first" : "",
    marked ? "marked" : "",
    message.recalled ? "recalled" : "",
  ];
  return (
    <li
      class={classes.join(" ")}
      data-key={rowKey}
      data-seq={message.seq}
      tabIndex={tabStop || active ? 0 : -1}
      aria-label={t("messageLabel", {
        name: own ? t("you") : name,
        time: clockTime(message.sent_at),
        text: withNames(client.state, plainText(message)),
      })}
      onPointerEnter={(event) => event.pointerType === "mouse" && activate(rowKey)}
    >
      {!own && first && (
        <button
          type="button"
          class="message-avatar"
          aria-label={name}
          tabIndex={active ? 0 : -1}
          onClick={() => openPanel("person", { user: message.sender, conversation })}
        >
          <UserAvatar user={message.sender} size={36} />
        </button>
      )}
      <div class="message-main">
        {!own && first && context.kind !== "direct" && (
          <div class="message-sender">
            <bdi>{name}</bdi>
          </div>
        )}
        <Bubble message={message} context={context} active={active} openDialog={setDialog} />
        <Reactions message={message} canReact={!message.recalled} tabbable={active} />
        {!context.inThread && <ThreadSummary message={message} tabbable={active} />}
        <FailedChange message={message} />
      </div>
      <div class="tools-place">
        {active && <MessageTools message={message} context={context} openDialog={setDialog} />}
      </div>
      {dialog !== null && (
        <MessageDialogs name={dialog} message={message} close={() => setDialog(null)} />
      )}
    </li>
  );
});

interface BubbleProps {
  message: StoredMessage;
  context: MessageContext;
  active: boolean;
  openDialog: (name: MessageDialogName) => void;
}

function Bubble({ message, context, active, openDialog }: BubbleProps) {
  return (
    <div class="bubble">
      {message.reply_to !== null && <ReplyQuote message={message} context={context} />}
      <div class="bubble-line">
        <MessageBody
          message={message}
          tabbable={active}
          view={() => context.view(message.seq)}
        />
        <MessageMeta message={message} context={context} active={active} openDialog={openDialog} />
      </div>
    </div>
  );
}

/** Beside or below the text: whether it is pinned and edited, the time, how far it has come. */
function MessageMeta({ message, context, active, openDialog }: BubbleProps) {
  const { account } = useSession();
  const { seq, sender, sent_at, edited_at, recalled } = message;
  return (
    <div class="message-meta">
      {context.pinned.has(seq) && (
        <span class="pinned-sign" title={t("isPinned")}>
          <Icon name="pin" size={13} />
          <span class="hidden-label">{t("isPinned")}</span>
        </span>
      )}
      {edited_at !== null && !recalled && (
        <button
          type="button"
          class="edited-sign"
          tabIndex={active ? 0 : -1}
          onClick={() => openDialog("versions")}
        >
          {t("edited")}
        </button>
      )}
      <time dateTime={sent_at} title={fullTime(sent_at)}>
        {clockTime(sent_at)}
      </time>
      {sender === account.user && !recalled && (
        <DeliverySign message={message} tabbable={active} open={() => openDialog("receipts")} />
      )}
    </div>
  );
}
