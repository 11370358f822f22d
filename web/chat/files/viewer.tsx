// Shows the images of a conversation one after the other, large.
import { type StoredMessage, selectMessage } from "@tidings/client";
import { useEffect, useMemo } from "preact/hooks";
import { Dialog } from "../../shared/dialog.tsx";
import { Icon, type IconName } from "../../shared/icon.tsx";
import { showToast } from "../../shared/toast.tsx";
import { useName } from "../names.tsx";
import { sameItems, useSelect } from "../session.ts";
import { fullTime } from "../time.ts";
import { SaveButton, Unavailable } from "./file_body.tsx";
import { useFileUrl } from "./file_urls.ts";
import { type MessageFile, hasPreview, readFile } from "./message_file.ts";
import { t } from "./texts.ts";

interface ViewerProps {
  conversation: string;
  /** The thread whose images are shown, or null for those of the timeline. */
  thread: number | null;
  /** The message whose image is shown. */
  seq: number;
  show: (seq: number) => void;
  close: () => void;
}

export function Viewer({ conversation, thread, seq, show, close }: ViewerProps) {
  const seqs = useImages(conversation, thread);
  const at = seqs.indexOf(seq);
  const select = useMemo(() => selectMessage(conversation, seq), [conversation, seq]);
  const message = useSelect(select);
  const file = message === undefined ? null : readFile(message);
  useEffect(() => {
    if (file !== null) return;
    close();
    showToast(t("recalledNow"));
  }, [file === null]);
  if (message === undefined || file === null) return null;
  const step = (by: number) => {
    const next = seqs[at + by];
    if (next !== undefined) show(next);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => step(-at),
    End: () => step(seqs.length - 1 - at),
  };
  return (
    <Dialog
      title={file.name || t("unnamed")}
      close={close}
      class="viewer"
      onKey={(event) => {
        if (keys[event.key] === undefined) return;
        event.preventDefault();
        keys[event.key]!();
      }}
      actions={<SaveButton file={file} tabbable />}
    >
      <div class="viewer-stage">
        <Step icon="back" label={t("previous")} run={at > 0 ? () => step(-1) : null} />
        <LargeImage key={file.id} file={file} />
        <Step
          icon="forward"
          label={t("next")}
          run={at < seqs.length - 1 ? () => step(1) : null}
        />
      </div>
      <Caption message={message} file={file} at={at + 1} count={seqs.length} />
    </Dialog>
  );
}

interface StepProps {
  icon: IconName;
  label: string;
  /** Null where there is no further image. */
  run: (() => void) | null;
}

/** It stays focusable at the end, so that the focus is not lost there. */
function Step({ icon, label, run }: StepProps) {
  return (
    <button
      type="button"
      class="icon-button viewer-step"
      aria-label={label}
      aria-disabled={run === null}
      onClick={() => run?.()}
    >
      <Icon name={icon} />
    </button>
  );
}

function LargeImage({ file }: { file: MessageFile }) {
  // A preview does not move.
  const isStill = file.mime !== "image/gif";
  const { url, error, reload } = useFileUrl(
    file.id,
    isStill && hasPreview(file) ? 1024 : undefined,
  );
  if (error !== null) return <Unavailable error={error} reload={reload} tabbable />;
  if (url === null) return <p class="viewer-image soft">{t("loading")}</p>;
  return <img class="viewer-image" src={url} alt={file.alt ?? file.caption ?? file.name} />;
}

interface CaptionProps {
  message: StoredMessage;
  file: MessageFile;
  at: number;
  count: number;
}

function Caption({ message, file, at, count }: CaptionProps) {
  const name = useName(message.sender);
  return (
    <div class="viewer-caption" aria-live="polite">
      {file.caption !== null && <p dir="auto">{file.caption}</p>}
      <p class="soft">{t("imageFrom", { name, time: fullTime(message.sent_at) })}</p>
      {count > 1 && <p class="soft">{t("position", { at, count })}</p>}
    </div>
  );
}

/** The messages that have an image, of those that are loaded, oldest first. */
function useImages(conversation: string, thread: number | null): readonly number[] {
  return useSelect((state) => {
    const seqs: number[] = [];
    for (const [seq, message] of state.timelines.get(conversation)?.messages ?? []) {
      const isHere = message.thread === thread || seq === thread;
      if (isHere && readFile(message)?.kind === "image") seqs.push(seq);
    }
    return seqs.sort((one, other) => one - other);
  }, sameItems);
}
