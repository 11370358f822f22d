// The file of a message: an image with a viewer, a player, or a name to save it under.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/icon.tsx";
import { showError } from "../../shared/toast.tsx";
import { useSession } from "../session.ts";
import { useFileUrl } from "./file_urls.ts";
import { streamOf } from "./media_stream.ts";
import {
  type MessageFile,
  fitWithin,
  formatShare,
  formatSize,
  hasPreview,
} from "./message_file.ts";
import { useNearScreen } from "./near_screen.ts";
import { saveFile } from "./save_file.ts";
import { t } from "./texts.ts";
import "./files.css";

interface FileBodyProps {
  file: MessageFile;
  tabbable: boolean;
  /** Opens the viewer; absent where there is none. */
  view?: (() => void) | undefined;
  /** The caption, drawn as the text of a message. */
  children?: ComponentChildren;
}

export function FileBody({ file, tabbable, view, children }: FileBodyProps) {
  return (
    <div class="message-file">
      <FileContent file={file} tabbable={tabbable} view={view} />
      {children}
    </div>
  );
}

function FileContent({ file, tabbable, view }: FileBodyProps) {
  switch (file.kind) {
    case "image":
      return <ImagePreview file={file} tabbable={tabbable} view={view} />;
    case "audio":
    case "video":
      return <Player file={file} tabbable={tabbable} />;
    case "file":
      return <SaveButton file={file} tabbable={tabbable} />;
  }
}

/** As in files.css. */
const MOST = { width: 320, height: 320 };
const UNKNOWN = { width: 240, height: 160 };

function ImagePreview({ file, tabbable, view }: FileBodyProps) {
  const place = useRef<HTMLButtonElement>(null);
  const near = useNearScreen(place);
  const preview = hasPreview(file) ? 256 : undefined;
  const { url, error, reload } = useFileUrl(near ? file.id : null, preview);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <SaveButton file={file} tabbable={tabbable} />;
  if (error !== null) return <Unavailable error={error} reload={reload} tabbable={tabbable} />;
  const size = fitWithin(file, MOST) ?? UNKNOWN;
  return (
    <button
      ref={place}
      type="button"
      class="image-preview"
      style={{ width: `${size.width}px`, aspectRatio: `${size.width} / ${size.height}` }}
      aria-label={t("open", { name: file.alt ?? (file.name || t("unnamed")) })}
      aria-busy={url === null}
      tabIndex={tabbable ? 0 : -1}
      disabled={view === undefined}
      onClick={view}
    >
      {url !== null && (
        <img
          src={url}
          alt={file.alt ?? file.caption ?? file.name}
          draggable={false}
          onError={() => setBroken(true)}
        />
      )}
    </button>
  );
}

interface UnavailableProps {
  error: "gone" | "failed";
  reload: () => void;
  tabbable: boolean;
}

export function Unavailable({ error, reload, tabbable }: UnavailableProps) {
  return (
    <div class="file-unavailable">
      <Icon name="warning" size={18} />
      <span>{error === "gone" ? t("gone") : t("notLoaded")}</span>
      {error === "failed" && (
        <button
          type="button"
          class="link-button"
          tabIndex={tabbable ? 0 : -1}
          onClick={reload}
        >
          {t("loadAgain")}
        </button>
      )}
    </div>
  );
}

/**
 * Audio and video are fetched when somebody wants to hear or see them: as they play or, where the
 * browser cannot do that, as a whole before.
 */
function Player({ file, tabbable }: FileBodyProps) {
  const [wanted, setWanted] = useState(false);
  const stream = useStream(wanted ? file.id : null);
  const whole = useFileUrl(stream.isRefused ? file.id : null);
  const [isBroken, setBroken] = useState(false);
  const name = file.name || t("unnamed");
  const { error, received, reload } = whole;
  if (error !== null) return <Unavailable error={error} reload={reload} tabbable={tabbable} />;
  const Media = file.kind === "video" ? "video" : "audio";
  const url = stream.isRefused ? whole.url : stream.url;
  if (url !== null && !isBroken) {
    return (
      <figure class={`player ${file.kind}`}>
        <Media
          src={url}
          controls
          autoplay
          aria-label={name}
          // Keys of the player are not keys of the list.
          onKeyDown={(event: KeyboardEvent) => event.stopPropagation()}
          onError={() => (stream.isRefused ? setBroken(true) : stream.refuse())}
        />
        <SaveButton file={file} tabbable={tabbable} />
      </figure>
    );
  }
  return (
    <div class="file-row">
      {!isBroken && (
        <button
          type="button"
          class="icon-button play"
          aria-label={t("play", { name })}
          aria-busy={wanted}
          tabIndex={tabbable ? 0 : -1}
          onClick={() => setWanted(true)}
        >
          <Icon name="play" />
        </button>
      )}
      {wanted && !isBroken ? (
        <Loading name={name} received={received} size={file.size} />
      ) : (
        <SaveButton file={file} tabbable={tabbable} />
      )}
    </div>
  );
}

/** The address of a file for a player; `isRefused` once it has to be fetched as a whole. */
function useStream(file: string | null) {
  const [url, setUrl] = useState<string | null>(null);
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    if (file === null) return undefined;
    let isCurrent = true;
    void streamOf(file).then((found) => {
      if (!isCurrent) return;
      setUrl(found);
      setRefused(found === null);
    });
    return () => void (isCurrent = false);
  }, [file]);
  return { url, isRefused, refuse: () => setRefused(true) };
}

interface LoadingProps {
  name: string;
  received: number;
  size: number | null;
}

function Loading({ name, received, size }: LoadingProps) {
  return (
    <span class="file-name">
      <bdi>{name}</bdi>
      <progress aria-label={t("loading")} max={size ?? undefined} value={received} />
    </span>
  );
}

/** The name and size of a file; choosing it saves the file. */
export function SaveButton({ file, tabbable }: Pick<FileBodyProps, "file" | "tabbable">) {
  const { client } = useSession();
  const [share, setShare] = useState<string | null>(null);
  const name = file.name || t("unnamed");
  const save = () => {
    if (share !== null) return;
    const show = (received: number, size: number) => setShare(formatShare(received, size));
    show(0, 1);
    saveFile(client, { id: file.id, name }, show)
      .catch(showError)
      .finally(() => setShare(null));
  };
  return (
    <button
      type="button"
      class="file-row save"
      title={t("download", { name })}
      tabIndex={tabbable ? 0 : -1}
      aria-busy={share !== null}
      onClick={save}
    >
      <span class="file-sign">
        <Icon name="download" />
      </span>
      <span class="file-name">
        <span class="hidden-label">{t("downloadShort")} </span>
        <bdi>{name}</bdi>
        <span class="soft">{share ?? (file.size === null ? "" : formatSize(file.size))}</span>
      </span>
    </button>
  );
}
