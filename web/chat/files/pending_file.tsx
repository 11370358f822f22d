// A file that is on its way: what it looks like here, how far it is, and how to give it up.
import type { FileUpload, SendItem } from "@tidings/client";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { useSession } from "../session.ts";
import { formatShare, formatSize } from "./message_file.ts";
import { t } from "./texts.ts";
import "./files.css";

interface PendingFileProps {
  item: SendItem;
  upload: FileUpload;
}

export function PendingFile({ item, upload }: PendingFileProps) {
  const { client } = useSession();
  const { name, size, sent, isStored } = upload;
  const url = useOwnImage(item.id, upload);
  const isWaiting = item.status === "queued" || item.status === "uploading";
  const progress = t("progress", { share: formatShare(sent, size), size: formatSize(size) });
  return (
    <div class="message-file pending-file">
      {url !== null && <img class="pending-image" src={url} alt="" />}
      <div class="file-row">
        {url === null && (
          <span class="file-sign">
            <Icon name="file" />
          </span>
        )}
        <span class="file-name">
          <bdi>{name}</bdi>
          {item.status === "uploading" && (
            <progress aria-label={t("uploading", { name })} max={size} value={sent} />
          )}
          <span class="soft">
            {isWaiting && !isStored
              ? item.status === "uploading" ? progress : t("waiting")
              : formatSize(size)}
          </span>
        </span>
        {isWaiting && (
          <button
            type="button"
            class="icon-button cancel-upload"
            aria-label={t("cancelOf", { name })}
            title={t("cancel")}
            onClick={() => client.outbox.discard(item.id)}
          >
            <Icon name="close" size={18} />
          </button>
        )}
      </div>
    </div>
  );
}

/** The types that browsers draw. */
const DRAWN = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

export function isDrawn(type: string): boolean {
  return DRAWN.includes(type);
}

/** The address of an image whose bytes this browser still has. */
function useOwnImage(id: string, { type }: FileUpload): string | null {
  const { client } = useSession();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!isDrawn(type)) return undefined;
    let made: string | null = null;
    let isOver = false;
    client.outbox.file(id).then((blob) => {
      if (blob === null || isOver) return;
      made = URL.createObjectURL(blob);
      setUrl(made);
    }, () => {
      // The name stands for it.
    });
    return () => {
      isOver = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id]);
  return url;
}
