// What a message says: its text, or what stands for another type.
import type { StoredMessage } from "@tidings/client";
import { Icon } from "../../shared/icon.tsx";
import { FileBody } from "../files/file_body.tsx";
import { readFile } from "../files/message_file.ts";
import { useNames } from "../names.tsx";
import { useSession } from "../session.ts";
import { t } from "../texts.ts";
import { MessageText } from "./message_text.tsx";

interface MessageBodyProps {
  message: Pick<StoredMessage, "type" | "body" | "recalled" | "mentions" | "conversation_id">;
  tabbable: boolean;
  /** Opens the viewer of images. */
  view?: () => void;
}

export function MessageBody({ message, tabbable, view }: MessageBodyProps) {
  const { account, openPanel } = useSession();
  const names = useNames(message.mentions);
  if (message.recalled || message.body === null) {
    return <div class="message-text soft">{t("recalled")}</div>;
  }
  const { text, name, url, alt } = readBody(message.body);
  const shownText = (
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
  if (message.type === "text") return shownText;
  const file = readFile(message);
  if (file !== null) {
    return (
      <FileBody file={file} tabbable={tabbable} view={view}>
        {file.caption !== null && shownText}
      </FileBody>
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

/** The text of an own message that can be changed: a text, or the caption of a file. */
export function editableText(
  message: Pick<StoredMessage, "type" | "body" | "recalled">,
): string | null {
  if (message.recalled || message.body === null) return null;
  if (message.type !== "text" && readFile(message) === null) return null;
  return readBody(message.body).text ?? "";
}

/** The text for labels, the clipboard and quotes. */
export function plainText(message: Pick<StoredMessage, "type" | "body" | "recalled">): string {
  if (message.recalled || message.body === null) return t("recalled");
  const { text, name, alt } = readBody(message.body);
  return text ?? name ?? alt ?? t("typePreview", { type: message.type });
}
