// One message in a list: who, when, and what is left of it.
import type { Message } from "../data/schemas.ts";
import { t } from "../texts/past.ts";
import { Time, UserLink } from "./values.tsx";

interface MessageLineProps {
  message: Message;
  isMarked?: boolean;
}

export function MessageLine({ message, isMarked = false }: MessageLineProps) {
  const { sender, sent_at, seq, edited_at, recalled } = message;
  return (
    <li class={`message-line ${isMarked ? "marked" : ""}`}>
      <p class="message-head">
        <span class="soft">{seq}</span>
        <UserLink id={sender} />
        <Time at={sent_at} />
        {edited_at !== null && <span class="soft">{t("edited")}</span>}
      </p>
      <p class="message-text" dir="auto">
        {recalled || message.body === null ? <em>{t("recalled")}</em> : textOf(message)}
      </p>
    </li>
  );
}

/** The text of a message; the whole body of one that has none. */
export function textOf({ type, body }: Pick<Message, "type" | "body">): string {
  const text = (body as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : `${type} ${JSON.stringify(body)}`;
}
