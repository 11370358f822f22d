// Above the field: the files that the next message has, and the button that adds some.
import { useRef } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { formatSize } from "./message_file.ts";
import { t } from "./texts.ts";
import type { Attachment, Attachments } from "./use_attachments.ts";
import "./files.css";

export function AttachmentTray({ attachments }: { attachments: Attachments }) {
  if (attachments.list.length === 0) return null;
  return (
    <ul class="attachments" aria-label={t("attached")}>
      {attachments.list.map((each) => (
        <AttachmentCard key={each.key} attachment={each} attachments={attachments} />
      ))}
    </ul>
  );
}

interface AttachmentCardProps {
  attachment: Attachment;
  attachments: Attachments;
}

function AttachmentCard({ attachment, attachments }: AttachmentCardProps) {
  const { key, file, url, alt } = attachment;
  const { name } = file;
  return (
    <li class="attachment">
      {url === null ? (
        <span class="file-sign">
          <Icon name="file" />
        </span>
      ) : (
        <img class="attachment-image" src={url} alt="" />
      )}
      <span class="file-name">
        <bdi>{name}</bdi>
        <span class="soft">{formatSize(file.size)}</span>
        {url !== null && (
          <input
            class="input attachment-alt"
            value={alt}
            dir="auto"
            maxLength={500}
            aria-label={t("alt", { name })}
            placeholder={t("altHint")}
            onInput={(event) => attachments.describe(key, event.currentTarget.value)}
          />
        )}
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={t("remove", { name })}
        onClick={() => attachments.remove(key)}
      >
        <Icon name="close" size={18} />
      </button>
    </li>
  );
}

export function AttachButton({ add }: Pick<Attachments, "add">) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={t("attach")}
        title={t("attach")}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          add(event.currentTarget.files ?? []);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
