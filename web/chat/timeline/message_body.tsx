// What a message says: its text, or what stands for another type.
import type { StoredMessage } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { useNames } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { MessageText } from "./message_text.tsx";

interface MessageBodyProps {
  message: Pick<StoredMessage, "type" | "body" | "recalled" | "mentions" | "conversation_id">;
  tabbable: boolean;
}

export function MessageBody({ message, tabbable }: MessageBodyProps) {
  const { account, openPanel } = useSession();
  const names = useNames(message.mentions);
  if (message.recalled || message.body === null) {
    return <div class="message-text soft">{t("recalled")}</div>;
  }
  const { text, name, url, alt } = readBody(message.body);
  if (message.type === "text") {
    return (
      <MessageText
        text={text ?? ""}
        mentions={[...message.mentions]}
        nameOf={names}
        me={account.user}
        tabbable={tabbable}
        openPerson={(user) =>
          openPanel("person", { user, conversation: message.conversation_id })
        }
      />
    );
  }
  if (message.type === "image" && url?.startsWith("https://")) {
    return <img class="message-image" src={url} alt={alt ?? name ?? ""} loading="lazy" />;
  }
  return (
    <div class="message-attachment">
      <Icon name="file" />
      <span dir="auto">{name ?? text ?? t("unsupported", { type: message.type })}</span>
      {url?.startsWith("https://") && (
        <a href={url} target="_blank" rel="noopener noreferrer" tabIndex={tabbable ? 0 : -1}>
          {t("attachment")}
        </a>
      )}
    </div>
  );
}

/** The keys of bodies that are shown; a body may have any others. */
function readBody(body: object): { text?: string; name?: string; url?: string; alt?: string } {
  const found: Record<string, string> = {};
  for (const key of ["text", "name", "url", "alt"]) {
    const value = (body as Record<string, unknown>)[key];
    if (typeof value === "string") found[key] = value;
  }
  return found;
}

/** The text for labels, the clipboard and quotes. */
export function plainText(message: Pick<StoredMessage, "type" | "body" | "recalled">): string {
  if (message.recalled || message.body === null) return t("recalled");
  const { text, name, alt } = readBody(message.body);
  return text ?? name ?? alt ?? t("typePreview", { type: message.type });
}
