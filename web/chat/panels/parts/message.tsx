// A message in a list: who, when, what. Choosing it shows the message where it was written.
import type { MessageBody, MessageType } from "@tidings/client";
import type { ComponentChildren } from "preact";
import { UserAvatar, UserName } from "../../names.tsx";
import { useSelect } from "../../session.ts";
import { fullTime, shortTime } from "../../time.ts";
import { t } from "../texts/common.ts";

export interface ListedMessage {
  conversation_id: string;
  type: MessageType;
  body: MessageBody | null;
  recalled?: boolean;
  sender: string;
  sent_at: string;
}

/** The text of a message, or what stands for it. */
export function textOf(message: Pick<ListedMessage, "body" | "type" | "recalled">): string {
  if (message.body === null) return t("recalled");
  const body = message.body as { text?: unknown; name?: unknown };
  if (typeof body.text === "string" && body.text !== "") return body.text;
  if (typeof body.name === "string" && body.name !== "") return body.name;
  return t("noText", { type: message.type });
}

export function useConversationName(id: string): string {
  return useSelect((state) => {
    const conversation = state.conversations.get(id);
    if (conversation === undefined) return id;
    const { peer, title } = conversation;
    if (peer !== null) return state.people.get(peer)?.display_name ?? peer;
    return title ?? t("untitled");
  });
}

interface MessageRowProps {
  message: ListedMessage;
  /** Shows the message; without it the row cannot be chosen. */
  open?: () => void;
  /** Replaces the text. */
  text?: ComponentChildren;
  /** Beside the name. */
  place?: ComponentChildren;
  note?: ComponentChildren;
  actions?: ComponentChildren;
}

export function MessageRow({ message, open, text, place, note, actions }: MessageRowProps) {
  const inside = (
    <>
      <UserAvatar user={message.sender} size={32} />
      <span class="panel-row-text">
        <span class="panel-row-top">
          <span class="panel-row-name">
            <UserName user={message.sender} />
          </span>
          {place && <span class="panel-row-place">{place}</span>}
          <time
            class="panel-row-time"
            dateTime={message.sent_at}
            title={fullTime(message.sent_at)}
          >
            {shortTime(message.sent_at)}
          </time>
        </span>
        <span class={`panel-row-body ${message.body === null ? "soft" : ""}`} dir="auto">
          {text ?? textOf(message)}
        </span>
        {note && <span class="panel-row-note">{note}</span>}
      </span>
    </>
  );
  return (
    <li class="panel-row message">
      {open === undefined ? (
        <div class="panel-row-main">{inside}</div>
      ) : (
        <button type="button" class="panel-row-main" onClick={open}>
          {inside}
        </button>
      )}
      {actions && <div class="panel-row-actions">{actions}</div>}
    </li>
  );
}
